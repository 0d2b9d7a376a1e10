"""Specs: the fingerprint sees every field, and validation names every array that does not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robot.core.errors import SpecMismatch
from robot.core.spec import ActionSpec, ArmActionSpec, ObservationSpec, RigSpec
from robot.core.types import Observation

LEFT = ArmActionSpec("left", ("x", "y", "rz"), 0.01, 0.05, gripper=True)
RIGHT = ArmActionSpec("right", ("z",), 0.02, 0.05)
SEEN = ObservationSpec({"pose": (9,), "wrench": (6,)}, {"wrist": (4, 4, 3)}, {"wrist": (2, 2, 8)})
RIG = RigSpec(SEEN, ActionSpec((LEFT, RIGHT)))


def with_arm(**changes: object) -> RigSpec:
    return replace(RIG, action=ActionSpec((replace(LEFT, **changes), RIGHT)))


def seeing(**changes: object) -> RigSpec:
    return replace(RIG, observation=replace(SEEN, **changes))


VARIANTS = [
    RIG,
    with_arm(arm="other"),
    with_arm(axes=("x", "y", "z")),
    with_arm(translation_scale_m=0.011),
    with_arm(rotation_scale_rad=0.051),
    with_arm(gripper=False),
    replace(RIG, action=ActionSpec((LEFT,))),
    replace(RIG, action=ActionSpec((RIGHT, LEFT))),
    seeing(state={"pose": (9,)}),
    seeing(state={"pose": (9,), "wrench": (3,)}),
    seeing(state={"wrench": (6,), "pose": (9,)}),  # another order flattens to another vector
    seeing(images={}),
    seeing(features={"wrist": (2, 2, 16)}),
]


def observation() -> Observation:
    return Observation(
        0,
        {"pose": np.arange(9, dtype=np.float32), "wrench": np.full(6, 9, np.float32)},
        {"wrist": np.zeros((4, 4, 3), np.uint8)},
        {"wrist": np.zeros((2, 2, 8), np.float16)},
    )


def test_the_fingerprint_tells_every_variant_apart() -> None:
    prints = [v.fingerprint() for v in VARIANTS] + [RIG.fingerprint("normaliser 2")]
    assert len(set(prints)) == len(VARIANTS) + 1
    assert all(len(p) == 16 for p in prints)


def test_the_fingerprint_is_that_of_an_equal_spec() -> None:
    twin = RigSpec(ObservationSpec(dict(SEEN.state), dict(SEEN.images), dict(SEEN.features)), RIG.action)
    assert twin.fingerprint() == RIG.fingerprint()


def test_an_observation_flattens_in_order() -> None:
    flat = SEEN.flatten_state(observation())
    assert (flat.shape, flat.dtype) == ((SEEN.state_size,), np.float32)
    assert flat.tolist() == [*range(9), *[9] * 6]


def test_two_arms_share_one_action_vector() -> None:
    assert (LEFT.size, RIGHT.size, RIG.action.size) == (4, 1, 5)
    assert (RIG.action.slice_of("left"), RIG.action.slice_of("right")) == (slice(0, 4), slice(4, 5))
    with pytest.raises(SpecMismatch, match="no arm 'middle'"):
        RIG.action.slice_of("middle")


def test_an_action_in_metres_and_radians() -> None:
    move_m, turn_rad = LEFT.delta([1.0, -0.5, 1.0, 1.0])  # x, y, rz and the gripper
    np.testing.assert_allclose(move_m, [0.01, -0.005, 0])
    np.testing.assert_allclose(turn_rad, [0, 0, 0.05])


def test_a_teleop_reading_becomes_an_action() -> None:
    axes = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    np.testing.assert_allclose(LEFT.from_axes(axes, 1.0), [0.1, 0.2, 0.6, 1.0], rtol=1e-6)
    np.testing.assert_allclose(RIGHT.from_axes(axes, 1.0), [0.3], rtol=1e-6)
