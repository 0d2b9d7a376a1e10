"""The twin's cell with nobody in it: a jamming policy, the pilot that brings the arm back, and a watcher."""

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
from robot.autonomy.supervisor import Supervisor
from robot.core.host import LocalHost
from robot.core.node import Node
from robot.session.cell import reference_limits
from robot.session.rigs import load_rig
from robot.session.unattended import arm_returns
from robot.task import Task
from sim.cell import TwinCell
from teleop.nodes import ArbiterNode

Change = Callable[[ArmReturn], ArmReturn]


def practise(
    task: Task,
    episodes: int,
    first_seed: int = 0,
    base: BasePolicy | None = None,
    change: Change | None = None,
    others: tuple[Node, ...] = (),
) -> list[Return]:
    """So many attempts on LocalHost, and what came of each but the last.

    Args:
        base: who drives; None: a policy that jams the peg, at a socket that helps it.
        change: puts another way back in the place of the product's.
        others: more nodes, such as a recorder.
    """
    rig, present = load_rig(task.rig), Present()
    cell = TwinCell(task, {a: reference_limits(rig.arms[a], task) for a in task.arms})
    if base is None:
        cell.twin.scene, base = CrookedSocket(present=present), JammingPolicy(present)
    returns = arm_returns(rig, task)
    arms = [change(r) for r in returns] if change else returns
    pilot = ResetPilot(Supervisor(arms, AutonomyConfig()), task.action.size)
    plan = EpisodePlan("train", 0, first_seed, episodes=episodes)
    actor = ActorNode(task, base, None, None, plan, threaded=False, pilot=pilot)
    watcher = WatcherNode(task.arms[0])
    LocalHost([cell, actor, ArbiterNode(task, ()), watcher, *others]).run()
    return watcher.returns
