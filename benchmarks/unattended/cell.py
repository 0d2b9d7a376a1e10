"""The twin's cell with nobody in it: who drives, the pilot that brings the arm back, a watcher."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.unattended.jams import CrookedSocket, JammingPolicy, Present
from benchmarks.unattended.watcher import Return, WatcherNode
from policies.actor import ActorNode
from policies.base import BasePolicy
from policies.plan import EpisodePlan
from policies.reset_pilot import ResetPilot
from robot.autonomy.arm_return import ArmReturn
from robot.autonomy.config import AutonomyConfig
from robot.autonomy.steer import out
from robot.autonomy.supervisor import Supervisor
from robot.core.host import LocalHost
from robot.core.node import Node
from robot.core.types import Array, RobotState
from robot.session.cell import reference_limits, start_pose
from robot.session.rigs import load_rig
from robot.task import Task
from sim.cell import TwinCell
from sim.twin import Twin
from teleop.nodes import ArbiterNode

Drive = Callable[[Task, Twin], BasePolicy]


class StraightOut(ArmReturn):
    """What it is compared with: pull along the tool's axis until it comes out."""

    def recovering(self, state: RobotState, tried: int, step: int, phase_rad: float) -> Array:
        """Out, and nothing else."""
        return self.spec.from_axes(out(), 0.0)


def jamming(task: Task, twin: Twin) -> BasePolicy:
    """A policy that gets the peg stuck, at a socket that helps it."""
    present = Present()
    twin.scene = CrookedSocket(present=present)
    return JammingPolicy(present)


def practise(
    task: Task,
    episodes: int,
    drive: Drive = jamming,
    first_seed: int = 0,
    way_back: type[ArmReturn] = ArmReturn,
    others: tuple[Node, ...] = (),
) -> list[Return]:
    """So many attempts on LocalHost, and what came of each but the last.

    Args:
        drive: makes the policy of a twin.
        way_back: the product's, or one to compare it with.
        others: more nodes, such as a recorder.
    """
    rig, config = load_rig(task.rig), AutonomyConfig()
    cell = TwinCell(task, {a: reference_limits(rig.arms[a], task) for a in task.arms})
    pairs = zip(task.action.arms, task.starts, strict=True)
    arms = [way_back(a, where, start_pose(rig.arms[a.arm]), config) for a, where in pairs]
    pilot = ResetPilot(Supervisor(arms, config), task.action.size)
    plan = EpisodePlan("train", 0, first_seed, episodes=episodes)
    actor = ActorNode(task, drive(task, cell.twin), None, None, plan, threaded=False, pilot=pilot)
    watcher = WatcherNode(task.arms[0])
    LocalHost([cell, actor, ArbiterNode(task, ()), watcher, *others]).run()
    return watcher.returns
