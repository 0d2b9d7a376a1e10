"""The benchmark's end of a worker: starts it, asks it, ends it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.peers.case import Case
from robot.core.errors import NudgeError

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Seconds:
    """How long each call of one operation took."""

    wall_s: list[float]
    cpu_s: list[float]


class WorkerProcess:
    """One running worker.

    Args:
        python: the interpreter that has what the contestant needs.
        module: in `benchmarks.peers`.
        case: what to prepare.

    Raises:
        NudgeError: the worker ended; the end of what it said is in the message.
    """

    def __init__(self, python: str, module: str, case: Case) -> None:
        self._module = module
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed with the worker
        command = [python, "-m", "benchmarks.peers.worker", module, json.dumps(asdict(case))]
        self._process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said
        )
        self.about: dict[str, Any] = self._hear()
        self.operations: list[str] = self.about.pop("operations")

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._said.close()

    def do(self, operation: str, times: int) -> Seconds:
        """Time ``times`` calls, one after the other."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": operation, "times": times}) + "\n")
        self._process.stdin.flush()
        return Seconds(**self._hear())

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._said.seek(0)
            raise NudgeError(f"worker {self._module} ended with status {status}: {self._said.read()[-2000:]}")
        return json.loads(line)
