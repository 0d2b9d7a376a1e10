"""How a stage is run: over ROS 2 processes, or on LocalHost in this one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from robot.core.errors import NudgeError
from robot.core.host import LocalHost
from robot.core.registry import load
from robot.process_group import ProcessGroup
from robot.session import graph
from robot.session.imitation import run_imitation
from robot.session.job import EVALS, Job
from robot.session.metrics import MetricsLog
from robot.session.monitor import MonitorNode

USER_ERROR = 2  # of robot.run: starting again would not help
_MAX_RESTARTS = 5  # a stage
_POLL_S = 0.2
_ALONE = ("actor", "learner")  # may be restarted while the rest of the graph stands and waits
# One thread a process: five of them share the machine, and the control loop must not wait for a pool.
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_LEARNER = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}

OnPoll = Callable[[], None]


class Runner(Protocol):
    """Runs one stage to its end."""

    def run(self, job: Job, on_poll: OnPoll) -> None:
        """Return when the stage's work is done; ``on_poll`` redraws and may raise to stop."""
        ...


class LocalRunner:
    """Everything in this process and thread, on simulated time: deterministic, for tests and debugging."""

    def run(self, job: Job, on_poll: OnPoll) -> None:
        """One stage."""
        if job.stage == "bc":
            run_imitation(job, on_poll)
            return
        workers = range(job.config.eval_workers) if job.stage in EVALS else range(1)
        for worker in workers:
            self._run_graph(Job(job.run_dir, job.config, job.stage, worker), on_poll)

    def _run_graph(self, job: Job, on_poll: OnPoll) -> None:
        nodes = [n for process in graph.processes(job.stage) for n in graph.build(process, job)]
        for node in nodes:
            if isinstance(node, MonitorNode):
                node.on_line = on_poll
        LocalHost(nodes).run()


class RosRunner:
    """One operating-system process a node group; dead ones are restarted, the store says where to go on.

    The first graph lives in the shell's ROS_DOMAIN_ID if it names one, else in a free domain.
    """

    def __init__(self) -> None:
        environment = load("robot.ros.environment:free_domain_id")
        chosen = os.environ.get("ROS_DOMAIN_ID")
        self._free = environment
        self.domains = [int(chosen) if chosen else environment()]

    def run(self, job: Job, on_poll: OnPoll) -> None:
        """One stage; evaluations run several graphs side by side, each in its own ROS domain."""
        workers = job.config.eval_workers if job.stage in EVALS else 1
        jobs = [Job(job.run_dir, job.config, job.stage, w) for w in range(workers)]
        with ProcessGroup() as group:
            graphs = [_RosGraph(j, group, self._domain(j.worker)) for j in jobs if _work_left(j)]
            while not all([g.finished() for g in graphs]):
                on_poll()
                time.sleep(_POLL_S)
            on_poll()

    def _domain(self, worker: int) -> int:
        while len(self.domains) <= worker:
            self.domains.append(self._free())
        return self.domains[worker]


class _RosGraph:
    """The processes of one job."""

    def __init__(self, job: Job, group: ProcessGroup, domain: int) -> None:
        ros_environment = load("robot.ros.environment:ros_environment")
        self._job, self._group = job, group
        self._names = ("bc",) if job.stage == "bc" else graph.processes(job.stage)
        self._main = self._names[0] if job.stage == "bc" else "actor"
        self._environment = {**ros_environment(domain), **_THREADS}
        if job.stage == "bc":
            self._environment.pop("OMP_NUM_THREADS")
        self._restarts = 0
        self._done = False
        for name in self._names:
            self._start(name)

    def finished(self) -> bool:
        """Whether the work is done; restarts what died and stops the rest at the end."""
        if self._done:
            return True
        codes = {n: self._group.poll()[self._label(n)] for n in self._names}
        if codes[self._main] == 0:
            self._done = True
            for name in reversed(self._names):
                self._group.stop(self._label(name))
            return True
        dead = [n for n, code in codes.items() if code is not None]
        if dead:
            self._revive(dead[0], codes[dead[0]])
        return False

    def _revive(self, name: str, code: int | None) -> None:
        tail = self._group.tail(self._label(name), 12)
        self._restarts += 1
        if code == USER_ERROR or self._restarts > _MAX_RESTARTS:
            raise NudgeError(f"the {name} process of stage {self._job.stage} stopped (exit {code}):\n{tail}")
        metrics = MetricsLog(self._job.run_dir / "metrics.jsonl")
        metrics.write("restart", node=name, reason=f"exit {code}")
        metrics.close()
        if name in _ALONE or self._job.stage == "bc":
            self._start(name)
            return
        # The cell's clock, the arbiter's memory and the recorder's episode belong together.
        for other in self._names:
            self._group.stop(self._label(other))
        for other in self._names:
            self._start(other)

    def _start(self, name: str) -> None:
        job = self._job
        argv = [sys.executable, "-m", "robot.run", "--run", str(job.run_dir), "--stage", job.stage]
        argv += ["--process", name, "--worker", str(job.worker)]
        extra = _LEARNER if name == "learner" else {}
        log: Path = job.run_dir / "logs" / f"{self._label(name)}.log"
        self._group.start(self._label(name), argv, {**self._environment, **extra}, log)

    def _label(self, name: str) -> str:
        return f"{self._job.stage}-{name}" + (f"-{self._job.worker}" if self._job.stage in EVALS else "")


def _work_left(job: Job) -> bool:
    return job.stage not in EVALS or job.plan().episodes not in (0, None)
