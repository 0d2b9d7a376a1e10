"""`nudge jog` as a person runs it: a real process on a real terminal, the twin behind it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sdk.terminal import Terminal, until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
JOG = [sys.executable, "-m", "robot.cli", "jog"]
_POSE = re.compile(r"^arm .* x +(-?[\d.]+) +y +(-?[\d.]+) +z +(-?[\d.]+) mm", re.MULTILINE)
_SPEED = re.compile(r"^speed +([\d.]+) of", re.MULTILINE)


class Jogging:
    """The running command, and what its screen shows."""

    def __init__(self) -> None:
        self.terminal = Terminal()
        self.mode = self.terminal.mode
        self.process = self.terminal.run([*JOG, "--rig", "twin"], ENV)
        self.until(lambda: self.poses)

    @property
    def poses(self) -> np.ndarray:
        """[n, 3] mm, one for every time the screen was drawn."""
        return np.array([[float(v) for v in p] for p in _POSE.findall(self._lines())])

    @property
    def rests(self) -> bool:
        return float(_SPEED.findall(self._lines())[-1]) == 0.0

    def until(self, condition: Callable[[], Any]) -> None:
        until(lambda: bool(np.any(condition())), self.process, lambda: self.terminal.text)

    def drawn(self, times: int) -> np.ndarray:
        """The poses of the next so many drawings."""
        before = len(self.poses)
        self.until(lambda: len(self.poses) >= before + times)
        return self.poses[before:]

    def hold(self, key: str, axis: int, sign: int) -> np.ndarray:
        """Until the arm has moved 15 mm; the way [3] mm to where it came to rest."""
        start = self.poses[-1]
        with self.terminal.held(key):
            self.until(lambda: sign * (self.poses[-1] - start)[axis] > 15)
        self.until(lambda: self.rests)
        return self.drawn(5)[-1] - start

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.terminal.close()

    def _lines(self) -> str:
        return self.terminal.text.replace("\r", "\n")


@pytest.fixture
def jogging() -> Iterator[Jogging]:
    made = Jogging()
    yield made
    made.close()


def test_held_keys_move_the_arm_until_stop_and_ctrl_c_ends(jogging: Jogging) -> None:
    terminal = jogging.terminal
    np.testing.assert_allclose(jogging.hold("d", 1, -1)[[0, 2]], 0.0, atol=3.0)  # to the right: -y
    np.testing.assert_allclose(jogging.hold("r", 2, 1)[[0, 1]], 0.0, atol=3.0)
    terminal.press("q")
    jogging.until(lambda: "STOPPED: a person pressed stop" in terminal.text)
    with terminal.held("d"):
        stopped = jogging.drawn(10)
    assert np.ptp(stopped, axis=0).max() < 0.5
    terminal.press("x")
    jogging.hold("a", 1, 1)
    terminal.press("\x03")
    assert jogging.process.wait(30) == 130
    assert terminal.mode == jogging.mode
    assert terminal.raw.rfind("\x1b[?25h") > terminal.raw.rfind("\x1b[?25l")  # the cursor is back
    assert "Traceback" not in terminal.text


def test_it_ends_by_itself_after_so_many_seconds() -> None:
    terminal = Terminal()
    try:
        mode = terminal.mode
        assert terminal.run([*JOG, "--rig", "twin", "--seconds", "0.5"], ENV).wait(60) == 0
        assert terminal.mode == mode
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--rig", "twin", "--arm", "nobody"], ["--arm nobody", "the rig twin has arm"]),
        (["--rig", "twinn"], ["twinn", "twin"]),
        (["--rig", "twin"], ["/dev/tty cannot be opened", "run the command in a terminal"]),
    ],
)
def test_a_mistake_is_said(arguments: list[str], says: list[str]) -> None:
    done = subprocess.run(
        [*JOG, *arguments], env=ENV, capture_output=True, text=True, start_new_session=True, timeout=60
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for part in says:
        assert part in done.stderr
