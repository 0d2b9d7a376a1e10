"""One job's processes over ROS 2: watched, restarted when one dies, stopped when the work is done."""

from __future__ import annotations

import sys
from pathlib import Path

from robot.core.errors import NudgeError
from robot.core.registry import load
from robot.process_group import ProcessGroup
from robot.session import graph
from robot.session.job import EVALS, Job
from robot.session.metrics import MetricsLog
from robot.session.rigs import is_twin

USER_ERROR = 2  # exit status of a process for which starting again would not help ...
GIVES_UP, END_OF_REASON = "gives up: ", "\n--"  # ... and what its log then says around the reason
_MAX_RESTARTS = 5
_SAVES_S = 60.0  # a learner may be compiling its first update, on a busy machine, before it can save
_ALONE = ("actor", "learner")  # may be restarted while the rest of the graph stands and waits
# One thread a process: five of them share the machine, and the control loop must not wait for a pool.
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_LEARNER = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}


class RosGraph:
    """The processes of one job in one ROS domain; the store says where a restarted one goes on."""

    def __init__(self, job: Job, group: ProcessGroup, domain: int) -> None:
        self._job, self._group = job, group
        self._names = ("bc",) if job.stage == "bc" else graph.processes(job)
        self._main = "bc" if job.stage == "bc" else "actor"
        self._environment = {**load("robot.ros.environment:ros_environment")(domain), **_THREADS}
        if job.stage == "bc":
            self._environment.pop("OMP_NUM_THREADS")
        self._restarts = 0
        self._done = False
        for name in self._names:
            self._start(name)

    def press(self, key: str) -> None:
        """A key of the operator's, for a real cell: the twin's operator is simulated."""
        if self._job.stage != "bc" and not is_twin(self._job.rig):
            self._group.tell(self._label("teleop"), key)

    def finished(self) -> bool:
        """Whether the work is done; restarts what died and stops the rest at the end.

        Raises:
            NudgeError: a process gave up, or one died more often than a passing fault explains.
        """
        if self._done:
            return True
        polled = self._group.poll()
        codes = {n: polled[self._label(n)] for n in self._names}
        dead = [n for n, code in codes.items() if code is not None]
        if codes[self._main] == 0:
            self._done = True
            self._group.stop(*(self._label(n) for n in self._names if n != "learner"))
            if "learner" in self._names:
                self._group.stop(self._label("learner"), patience_s=_SAVES_S)
        elif dead:
            self._revive(dead, codes[dead[0]])
        return self._done

    def _revive(self, dead: list[str], code: int | None) -> None:
        self._restarts += 1
        if code == USER_ERROR or self._restarts > _MAX_RESTARTS:
            raise NudgeError(self._reason(dead[0], code))
        metrics = MetricsLog(self._job.output_dir / "metrics.jsonl")
        metrics.write("restart", node=dead[0], reason=f"exit {code}")
        metrics.close()
        # The cell's clock, the arbiter's memory and the recorder's episode belong together.
        again = dead if set(dead) <= {*_ALONE, "bc"} else self._names
        self._group.stop(*map(self._label, again))
        for name in again:
            self._start(name)

    def _reason(self, name: str, code: int | None) -> str:
        label = self._label(name)
        who = f"the {name} process of stage {self._job.stage}"
        _, gave_up, reason = self._group.tail(label, 40).rpartition(GIVES_UP)
        if code == USER_ERROR and gave_up:
            return f"{who}: {reason.partition(END_OF_REASON)[0]}"
        times, tail = self._restarts - 1, self._group.tail(label, 12)
        return f"{who} died (exit {code}) after {times} restarts; the end of {self._log(name)}:\n{tail}"

    def _start(self, name: str) -> None:
        job = self._job
        argv = [sys.executable, "-m", "robot.run", "--run", str(job.run_dir), "--stage", job.stage]
        argv += ["--process", name, "--worker", str(job.worker)]
        if job.evaluation is not None:
            argv += ["--evaluation", job.evaluation.name]
        extra = _LEARNER if name == "learner" else {}
        listens = name == "teleop" and not is_twin(job.rig)
        environment = {**self._environment, **extra}
        self._group.start(self._label(name), argv, environment, self._log(name), listens)

    def _log(self, name: str) -> Path:
        return self._job.output_dir / "logs" / f"{self._label(name)}.log"

    def _label(self, name: str) -> str:
        return f"{self._job.stage}-{name}" + (f"-{self._job.worker}" if self._job.stage in EVALS else "")
