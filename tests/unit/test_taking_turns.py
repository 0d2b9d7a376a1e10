"""Two scripted hands: each follows its own arm's waypoints, and waits for the other where it says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from policies.tasks.peg_insert import PEG_INSERT
from robot.core.se3 import rot_z, transform
from robot.core.spec import ActionSpec, ArmActionSpec
from robot.core.types import EpisodeStart, Truth
from robot.task import Waypoint
from teleop.hands.waypoints import WaypointHand
from teleop.intervention import ScriptedOperator
from teleop.operator_config import OperatorConfig
from tests.unit.teleop_scene import STEADY

LEFT, RIGHT = (ArmActionSpec(name, ("x", "y", "z"), 0.01, 0.1, gripper=True) for name in ("left", "right"))
TASK = replace(
    PEG_INSERT,
    action=ActionSpec((LEFT, RIGHT)),
    waypoints=(
        Waypoint("part", (0.1, 0.0, 0.0), 0.005, gripper=-1.0, dwell_steps=1, arm="left", name="offered"),
        Waypoint("part", (0.1, 0.0, 0.1), 0.005, gripper=1.0, arm="left", after="taken"),
        Waypoint("part", (-0.1, 0.0, 0.1), 0.005, gripper=1.0, arm="right"),
        Waypoint("part", (-0.1, 0.0, 0.0), 0.005, gripper=-1.0, arm="right", after="offered", name="taken"),
    ),
)
CONFIG = OperatorConfig("always", patience_steps=3, hand=STEADY)


def truth(left_x: float, right_z: float, step: int = 0) -> Truth:
    """The left tool on the part's line, the right one above its own place."""
    poses = {
        "part": transform(np.eye(3), [0.5, 0.1, 0.0]),
        "left/tool": transform(np.eye(3), [0.5 + left_x, 0.1, 0.0]),
        "right/tool": transform(rot_z(np.pi), [0.4, 0.1, right_z]),  # it faces the other way
    }
    return Truth(step * 100_000_000, 0, poses)


def operators(config: OperatorConfig = CONFIG) -> list[ScriptedOperator]:
    made = [ScriptedOperator(arm, TASK, config) for arm in TASK.action.arms]
    for operator in made:
        operator.begin(EpisodeStart(0, 0, 1))
    return made


def deflections(made: list[ScriptedOperator], seen: Truth) -> list[np.ndarray]:
    """Of both hands: x, y, z in their own tool's frame, and the gripper."""
    for operator in made:
        operator.see(seen)
    readings = [operator.read(seen.stamp_ns) for operator in made]
    return [np.r_[r.axes[:3], r.gripper] for r in readings]


def test_a_hand_follows_its_own_arms_tool_and_waypoints() -> None:
    left, right = deflections(operators(), truth(left_x=0.04, right_z=0.16))
    np.testing.assert_allclose(left, [1, 0, 0, -1], atol=1e-6)
    np.testing.assert_allclose(right, [0, 0, -1, 1], atol=1e-6)


def test_each_waits_for_the_other() -> None:
    made = operators()
    rest = [0, 0, 0]
    right = deflections(made, truth(0.1, 0.1))[1]  # both arrived, the left one not for long enough
    np.testing.assert_allclose(right, [*rest, 1], atol=1e-6)
    left, right = deflections(made, truth(0.1, 0.1, 1))  # the left one is done: known at the next look
    np.testing.assert_allclose(left, [*rest, -1], atol=1e-6)
    left, right = deflections(made, truth(0.1, 0.1, 2))
    np.testing.assert_allclose(left, [*rest, -1], atol=1e-6)
    np.testing.assert_allclose(right, [0, 0, -1, -1], atol=1e-6)
    deflections(made, truth(0.1, 0.0, 3))  # the right one arrives
    left, right = deflections(made, truth(0.1, 0.0, 4))
    np.testing.assert_allclose(left, [0, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(right, [*rest, -1], atol=1e-6)


def test_who_waits_is_not_stuck() -> None:
    config = replace(CONFIG, engage="when_needed")
    engaged = []
    made = operators(config)
    for step in range(8):  # the left arm stands far from its place, the right one at its own
        seen = truth(0.0, 0.1, step)
        for operator in made:
            operator.see(seen)
        engaged.append([operator.read(seen.stamp_ns).engaged for operator in made])
    assert engaged == [[False, False]] * 3 + [[True, False]] * 5


ABOVE = Waypoint("part", (0.0, 0.0, 0.1), 0.005, gripper=1.0, arm="left")
GRASP = replace(ABOVE, position_m=(0.0, 0.0, 0.0), gripper=-1.0, dwell_steps=1)
CARRIED = Waypoint("meet", (0.0, 0.0, 0.0), 0.005, gripper=-1.0, arm="left", name="offered", holding=True)
CARRYING = replace(TASK, waypoints=(ABOVE, GRASP, CARRIED, *TASK.waypoints[1:]))


def indices(hand: WaypointHand, left_m: tuple[float, float], held: bool) -> tuple[int, int]:
    """Where both hands are, with the left tool so far from the part along its x and z, and there to stay."""
    poses = truth(left_m[0], 0.1).poses | {"meet": transform(np.eye(3), [0.7, 0.1, 0.0])}
    poses["left/tool"][2, 3] = left_m[1]
    hand.see(Truth(0, 0, poses, {"left": held, "right": False}))
    left, right = hand._hands
    return left.index, right.index


def test_a_grasp_is_done_when_something_is_held() -> None:
    hand = WaypointHand(RIGHT, CARRYING, CONFIG)  # it watches the other arm's part, too
    seen = [indices(hand, (0.0, z), held) for z, held in ((0.1, False), *[(0.0, False)] * 3)]
    assert seen == [(1, 0)] * 4  # above the part, then around it, with fingers still open
    assert [indices(hand, (0.0, 0.0), True) for _ in range(2)] == [(1, 0), (2, 0)]


def test_what_is_held_already_is_not_taken_again() -> None:
    hand = WaypointHand(RIGHT, CARRYING, CONFIG)
    assert [indices(hand, (0.029, 0.0), True) for _ in range(2)] == [
        (1, 0),
        (2, 0),
    ]  # a little off
    other = WaypointHand(RIGHT, CARRYING, CONFIG)
    assert [indices(other, (0.031, 0.0), True) for _ in range(2)] == [(0, 0)] * 2  # another part


def test_all_begin_again_where_a_part_slips_out_of_a_hand() -> None:
    hand = WaypointHand(RIGHT, CARRYING, CONFIG)
    assert [indices(hand, (0.0, 0.0), True) for _ in range(2)] == [(1, 0), (2, 0)]
    assert indices(hand, (0.0, 0.0), False) == (0, 0)


def test_no_two_hands_tremble_alike() -> None:
    hands = [WaypointHand(arm, TASK, OperatorConfig("always")) for arm in TASK.action.arms]
    for hand in hands:
        hand.begin(3)
    seen = truth(0.0, 0.2)
    left, right = ([hand.deflection(seen)[0][1] for _ in range(10)] for hand in hands)
    assert np.abs(np.subtract(left, right)).max() > 0.01


def test_the_operator_finishes_late_in_proportion_to_the_tasks_time() -> None:
    config = OperatorConfig(patience_steps=200, late_steps=6, hand=STEADY)
    long = replace(TASK, time_limit_steps=120)
    hand = WaypointHand(LEFT, long, config)
    needed = [hand.needed(truth(0.0, 0.2, step)) for step in range(14)]
    assert needed == [False] * 12 + [True] * 2
