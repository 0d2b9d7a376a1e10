"""The real command `nudge` as a child process, and what an outsider can find out about it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from robot.ros.environment import ros_environment
from robot.session.metrics import read_metrics

ROOT = Path(__file__).parents[2]
_OUTSIDER = Path(__file__).with_name("session_outsider.py")


class Nudge:
    """One run of `nudge ARGUMENTS`; its output goes to files beside the run folder."""

    def __init__(self, run: Path, *arguments: str, **environment: str) -> None:
        self.run, self._out, self._err = run, run.with_suffix(".out"), run.with_suffix(".err")
        env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **environment}
        env.pop("ROS_DOMAIN_ID", None)
        argv = [sys.executable, "-m", "robot.cli", *arguments]
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(argv, env=env, stdout=out, stderr=err, cwd=ROOT)

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def until(self, condition: Callable[[], Any], timeout_s: float = 60.0) -> Any:
        deadline = time.monotonic() + timeout_s
        while not (found := condition()):
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.err}"
            assert time.monotonic() < deadline, f"not within {timeout_s:g} s:\n{self.err}"
            time.sleep(0.05)
        return found

    def ends(self, timeout_s: float = 120.0) -> int:
        return self.process.wait(timeout_s)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        path = self.run / "metrics.jsonl"
        return [r for r in read_metrics(path) if r["kind"] == kind] if path.exists() else []

    def child(self, process: str) -> int | None:
        """Process id of one node's process of this run."""
        for p in self.children():
            if p.is_running() and process in p.cmdline():
                return p.pid
        return None

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self, process: str) -> None:
        pid = self.child(process)
        assert pid is not None, f"no {process} process"
        os.kill(pid, signal.SIGKILL)

    def outsider(self, role: str) -> str:
        """What a plain rclpy script in the session's domain prints."""
        domain = self.until(lambda: re.search(r"ROS_DOMAIN_ID=(\d+)", self.err))
        env = {**ros_environment(int(domain[1])), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        argv = [sys.executable, str(_OUTSIDER), role]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def close(self) -> None:
        if self.process.poll() is None:
            self.interrupt()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()  # its children die with it
                self.process.wait()


def stored_summary(run: Path) -> dict[str, Any]:
    return json.loads((run / "summary.json").read_text())
