"""Device and arbiter as nodes: messages in any order, one decision a control step."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest

from policies.tasks.peg_insert import PEG_INSERT_STATE
from robot.core import topics
from robot.core.config import from_dict
from robot.core.errors import DeviceError, DeviceLost, SpecMismatch
from robot.core.types import (
    Action,
    DeviceHealth,
    EpisodeStart,
    Event,
    Key,
    RobotState,
    Source,
    TeleopCommand,
)
from robot.rig import HandMapping, TeleopRig
from teleop import TELEOP
from teleop.device import Reading, TeleopDevice
from teleop.nodes import ArbiterNode
from teleop.teleop_node import TeleopNode

PERIOD_NS = 100_000_000


def proposal(step: int) -> Action:
    value = np.full(4, 0.1, np.float32)
    return Action(step * PERIOD_NS, value, value, np.zeros(4, np.float32))


def reading(step: int) -> TeleopCommand:
    return TeleopCommand(step * PERIOD_NS, "arm", np.full(6, 0.4, np.float32), engaged=True)


def arbiter(lockstep: bool) -> tuple[ArbiterNode, list[tuple[int, str]]]:
    node, out = ArbiterNode(PEG_INSERT_STATE, ("arm",), lockstep), list[tuple[int, str]]()
    node.publish = lambda topic, message: out.append((message.stamp_ns // PERIOD_NS, message.source.name))
    return node, out


def test_in_lockstep_the_arbiter_waits_for_the_reading_of_the_step() -> None:
    node, out = arbiter(lockstep=True)
    node.on(topics.PROPOSED, proposal(1))
    assert out == []
    node.on(topics.TELEOP, reading(1))
    node.on(topics.TELEOP, reading(2))  # the other order
    assert out == [(1, "HUMAN")]
    node.on(topics.PROPOSED, proposal(2))
    node.on(topics.PROPOSED, proposal(3))
    assert out == [(1, "HUMAN"), (2, "HUMAN")]


def test_in_real_time_it_decides_at_once_and_a_stale_reading_counts_as_released() -> None:
    node, out = arbiter(lockstep=False)
    node.on(topics.PROPOSED, proposal(1))
    node.on(topics.TELEOP, reading(1))
    for step in (2, 3, 4, 5):
        node.on(topics.PROPOSED, proposal(step))
    assert out == [(1, "POLICY"), (2, "HUMAN"), (3, "HUMAN"), (4, "POLICY"), (5, "POLICY")]


def test_an_episode_starts_with_the_policy_in_control() -> None:
    node, out = arbiter(lockstep=True)
    node.on(topics.PROPOSED, proposal(1))
    node.on(topics.TELEOP, reading(1))
    node.on(topics.EPISODE_START, EpisodeStart(0, 1, 1))
    rest = TeleopCommand(2 * PERIOD_NS, "arm", np.full(6, 0.1, np.float32), engaged=True)
    node.on(topics.TELEOP, rest)
    node.on(topics.PROPOSED, proposal(2))
    assert out[-1] == (2, Source.POLICY.name)


def test_a_lost_device_holds_until_it_is_read_again() -> None:
    node, out = arbiter(lockstep=False)
    node.on(topics.TELEOP, TeleopCommand(PERIOD_NS, "arm", np.zeros(6, np.float32), lost=True))
    for step in (1, 2, 9):  # the last one long after the report
        node.on(topics.PROPOSED, proposal(step))
    node.on(topics.TELEOP, TeleopCommand(10 * PERIOD_NS, "arm", np.zeros(6, np.float32)))
    node.on(topics.PROPOSED, proposal(10))
    assert [source for _, source in out] == ["HOLD", "HOLD", "HOLD", "POLICY"]


def test_an_arm_that_the_task_does_not_have_is_refused() -> None:
    with pytest.raises(SpecMismatch, match="no arm 'left'"):
        ArbiterNode(PEG_INSERT_STATE, ("left",))


class FakeDevice:
    """Reads what it is told to; `plugged` is what a cable would be."""

    Config: ClassVar = dict

    def __init__(self) -> None:
        self.reading, self.plugged, self.open = rest(), True, False
        self.refusal, self.tries = "no device: plug it in", threading.Semaphore(0)

    def connect(self) -> None:
        self.tries.release()
        if not self.plugged:
            raise DeviceError(self.refusal)
        self.open = True

    def read(self) -> Reading:
        if not self.plugged:
            self.open = False
            raise DeviceLost("unplugged: plug it in")
        assert self.open
        reading, self.reading = self.reading, Reading(self.reading.axes, self.reading.engaged)
        return reading

    def close(self) -> None:
        self.open = False


def rest(*keys: Key) -> Reading:
    return Reading(np.zeros(6, np.float32), engaged=False, keys=keys, key_stamps_ns=(5,) * len(keys))


def push() -> Reading:
    return Reading(np.ones(6, np.float32), engaged=True)


def state(step: int) -> RobotState:
    q, six = np.zeros(7, np.float32), np.zeros(6, np.float32)
    return RobotState(step * PERIOD_NS, "arm", q, q, q, np.diag([1.0, -1.0, -1.0, 1.0]), six, six, 0.04)


Cell = tuple[TeleopNode, FakeDevice, list[Any]]
RIG = TeleopRig("spacemouse", "arm", mapping=HandMapping("base", translation=0.5))
STATE = topics.arm_state("arm")


@pytest.fixture
def cell() -> Iterator[Cell]:
    device, out = FakeDevice(), list[Any]()
    node = TeleopNode(device, RIG, retry_s=0.001)
    node.publish = lambda topic, message: out.append(message)
    node.start()
    yield node, device, out
    node.close()
    assert not device.open


def until_back(node: TeleopNode, device: FakeDevice, out: list[Any]) -> None:
    device.plugged = True
    while not any(isinstance(m, DeviceHealth) and m.ok for m in out):
        device.tries.acquire(timeout=0.01)
        node.tick(9 * PERIOD_NS)


def test_each_state_is_answered_with_a_command_of_its_stamp_in_the_tools_frame(cell: Cell) -> None:
    node, device, out = cell
    device.reading = push()
    node.on(STATE, state(1))  # leaning on it from before: it must be let go first
    device.reading = Reading(np.zeros(6, np.float32), engaged=False)
    node.on(STATE, state(2))
    device.reading = push()
    node.on(STATE, state(3))
    leaning, released, command = out
    assert not leaning.engaged
    assert not released.engaged
    assert (command.stamp_ns, command.arm, command.engaged) == (3 * PERIOD_NS, "arm", True)
    np.testing.assert_allclose(command.axes, [0.5, -0.5, -0.5, 1, -1, -1])


def test_a_key_goes_out_at_the_next_look_once_and_with_its_own_time(cell: Cell) -> None:
    node, device, out = cell
    device.reading = rest(Key.STOP, Key.SUCCESS)
    node.tick(8)
    node.tick(9)
    assert [(m.stamp_ns, m.key) for m in out] == [(5, Key.STOP), (5, Key.SUCCESS)]
    assert all(isinstance(m, Event) for m in out)


def test_a_lost_device_is_published_at_once_and_with_every_state_until_it_is_back(cell: Cell) -> None:
    node, device, out = cell
    device.plugged = False
    node.tick(30)
    command, health = out
    assert (command.lost, command.engaged, command.axes.any(), command.stamp_ns) == (True, False, False, 30)
    assert health == DeviceHealth(30, "teleop/spacemouse/arm", ok=False, reason="unplugged: plug it in")
    node.on(STATE, state(1))
    assert (out[-1].lost, out[-1].stamp_ns) == (True, PERIOD_NS)
    until_back(node, device, out)
    node.on(STATE, state(10))
    assert not out[-1].lost


def test_a_device_that_goes_between_two_states_is_answered_once(cell: Cell) -> None:
    node, device, out = cell
    device.plugged = False
    node.on(STATE, state(1))
    assert [type(m).__name__ for m in out] == ["TeleopCommand", "DeviceHealth"]
    assert out[0].lost


def test_after_a_loss_the_dead_man_must_be_let_go_first(cell: Cell) -> None:
    node, device, out = cell
    device.plugged = False
    node.tick(30)
    device.reading = push()
    until_back(node, device, out)
    engaged = []
    for step, reading in enumerate((push(), rest(), push()), 10):
        device.reading = reading
        node.on(STATE, state(step))
        engaged.append(out[-1].engaged)
    assert engaged == [False, False, True]


def test_why_it_cannot_come_back_is_reported_when_that_changes(cell: Cell) -> None:
    node, device, out = cell
    device.plugged, device.refusal = False, "no permission: install the udev rule"
    node.tick(30)
    while len(out) < 3:
        device.tries.acquire(timeout=0.01)
        node.tick(31)
    assert [m.reason for m in out[1:]] == ["unplugged: plug it in", "no permission: install the udev rule"]


def test_a_device_that_is_missing_at_the_start_is_an_error() -> None:
    device = FakeDevice()
    device.plugged = False
    node = TeleopNode(device, RIG)
    with pytest.raises(DeviceError, match="plug it in"):
        node.start()
    node.close()


def test_an_episode_without_teleoperation_reads_as_released(cell: Cell) -> None:
    node, device, out = cell
    node.on(topics.EPISODE_START, EpisodeStart(0, 1, 1, teleop_allowed=False))
    device.reading = push()
    node.on(STATE, state(1))
    assert not out[-1].engaged
    assert not out[-1].axes.any()


@pytest.mark.parametrize("name", [n for n in TELEOP if n != "leader"])  # that one wants an arm to be named
def test_every_device_opens_nothing_when_made_and_says_so_when_read_too_early(name: str) -> None:
    made = TELEOP.load(name)
    device: TeleopDevice = made(from_dict(made.Config, {}))
    with pytest.raises(DeviceError, match=r"connect\(\)"):
        device.read()
    device.close()
    device.close()
