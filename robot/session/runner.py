"""How a stage is run: over ROS 2 processes, or on LocalHost in this one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Protocol

from robot.core.host import LocalHost
from robot.core.registry import load
from robot.process_group import ProcessGroup
from robot.session import graph
from robot.session.config import SessionConfig
from robot.session.imitation import run_imitation
from robot.session.job import EVALS, Job
from robot.session.monitor import MonitorNode
from robot.session.rigs import load_rig
from robot.session.ros_graph import RosGraph
from robot.session.terminal_keys import TerminalKeys

_POLL_S = 0.2

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
        for one in filter(_work_left, job.workers()):
            self._run_graph(one, on_poll)

    def _run_graph(self, job: Job, on_poll: OnPoll) -> None:
        nodes = [n for process in graph.processes(job) for n in graph.build(process, job)]
        for node in nodes:
            if isinstance(node, MonitorNode):
                node.on_line = on_poll
        LocalHost(nodes).run()


class RosRunner:
    """One operating-system process a node group; dead ones are restarted, the store says where to go on.

    The first graph lives in the rig's domain, else in the shell's ROS_DOMAIN_ID, else in a free one.
    """

    def __init__(self, domain_id: int | None = None) -> None:
        self._free: Callable[[], int] = load("robot.ros.environment:free_domain_id")
        chosen = os.environ.get("ROS_DOMAIN_ID")
        if domain_id is not None:
            load("robot.ros.environment:claim_domain_id")(domain_id)
            self.domains = [domain_id]
        else:
            self.domains = [int(chosen) if chosen else self._free()]

    def run(self, job: Job, on_poll: OnPoll) -> None:
        """One stage; evaluations run several graphs side by side, each in its own ROS domain."""
        with ProcessGroup() as group:
            graphs = [RosGraph(j, group, self._domain(j.worker)) for j in job.workers() if _work_left(j)]
            with TerminalKeys(graphs[0].press if graphs else lambda _: None):
                while not all([g.finished() for g in graphs]):
                    on_poll()
                    time.sleep(_POLL_S)
            on_poll()

    def _domain(self, worker: int) -> int:
        while len(self.domains) <= worker:
            self.domains.append(self._free())
        return self.domains[worker]


def make_runner(config: SessionConfig) -> LocalRunner | RosRunner:
    """The one that the settings ask for."""
    return RosRunner(load_rig(config.rig_name).domain_id) if config.host == "ros" else LocalRunner()


def _work_left(job: Job) -> bool:
    return job.stage not in EVALS or job.plan().episodes not in (0, None)
