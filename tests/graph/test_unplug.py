"""A plug is pulled in mid-episode: the arm holds, the episode is marked, and the session goes on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from policies.actor import ActorNode
from policies.base import NoBase
from policies.plan import EpisodePlan
from policies.recorder import RecorderNode
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.tasks.peg_insert import PEG_INSERT
from robot.cell_config import CellConfig, Fault, TwinConfig
from robot.core.host import LocalHost
from robot.core.types import Source
from robot.safety.reason import Reason
from sim.cell import TwinCell
from teleop.intervention import ScriptedOperator
from teleop.nodes import ArbiterNode, SimulatedTeleop
from teleop.operator_config import OperatorConfig
from tests.graph.driving import rig_limits

TASK = replace(PEG_INSERT, cameras=("wrist",), image_size=32, time_limit_steps=12)
PULLED_S, GONE_S = 0.27, 0.5  # in the middle of a control step, at full speed


@dataclass
class Trace:
    """Every guard period: when, how fast the reference moved, and where the arm was."""

    stamp_ns: list[int] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)
    position: list[np.ndarray] = field(default_factory=list)

    def watch(self, cell: TwinCell) -> None:
        tick, arm = cell.control.tick, cell.control.arms[0]

        def traced(now_ns: int) -> None:
            tick(now_ns)
            self.stamp_ns.append(now_ns)
            self.speed.append(float(np.linalg.norm(arm.reference.twist)))
            self.position.append(cell.twin.state().T_base_tcp[:3, 3])

        cell.control.tick = traced  # type: ignore[method-assign]


def run(tmp_path: Path, device: str, realtime: bool) -> tuple[Trace, list[Episode]]:
    """Three whole episodes, the second start cut off once; the operator drives all the time."""
    config = CellConfig(realtime, TwinConfig(faults=(Fault(device, 1, PULLED_S, GONE_S),)))
    cell, trace = TwinCell(TASK, rig_limits(TASK), config), Trace()
    if realtime:
        cell.period_s = 0.0  # as often as LocalHost can: its time is the cell's
    trace.watch(cell)
    operator = ScriptedOperator(TASK.action.arms[0], TASK, OperatorConfig("always"))
    plan = EpisodePlan("train", 0, 9, episodes=3)
    actor = ActorNode(TASK, NoBase(4), None, None, plan, threaded=False)
    arbiter = ArbiterNode(TASK, lockstep=not realtime)
    recorder = RecorderNode(tmp_path)
    LocalHost([cell, SimulatedTeleop(operator), arbiter, actor, recorder]).run()
    store = EpisodeStore(tmp_path)
    return trace, [store.read(i) for i in store.ids()]


@pytest.mark.parametrize("realtime", [False, True])
@pytest.mark.parametrize("device", ["camera/wrist", "teleop/arm", "arm/arm"])
def test_a_pulled_plug_holds_marks_and_goes_on(tmp_path: Path, device: str, realtime: bool) -> None:
    trace, episodes = run(tmp_path, device, realtime)
    first, cut, again, last = episodes
    assert [e.outcome.name for e in episodes] == ["TIME_LIMIT", "ABORTED", "TIME_LIMIT", "TIME_LIMIT"]
    assert (cut.header.seed, again.header.seed) == (10, 10)  # the start is tried again
    assert len(cut) < len(first)
    assert cut.truncated[-1]
    assert not cut.terminated.any()
    assert (last.source == Source.HUMAN).mean() > 0.8
    assert not any(Reason.DEVICE_LOST in Reason(int(s)) for s in first.safety)
    begin = int(cut.stamp_ns[0])
    pulled = begin + round(PULLED_S * 1e9)
    moving = [
        s
        for s, v in zip(trace.stamp_ns, trace.speed, strict=True)
        if v > 0 and pulled <= s < pulled + GONE_S * 1e9
    ]
    before = [v for s, v in zip(trace.stamp_ns, trace.speed, strict=True) if pulled - 1e8 <= s < pulled]
    assert before[-1] > 0.05  # m/s, it was on its way
    held_after_s = (max(moving, default=pulled) - pulled) * 1e-9
    assert held_after_s <= 0.1
    stood = [
        p
        for s, p in zip(trace.stamp_ns, trace.position, strict=True)
        if pulled + 3e8 <= s < pulled + GONE_S * 1e9
    ]
    assert np.ptp(stood, axis=0).max() < 0.002  # m, the arm itself has come to rest too
