"""Only an object that moves with the gripper makes progress."""

from __future__ import annotations

import numpy as np
import pytest

from policies.rewards.shaping.object_progress import ObjectProgress, ObjectProgressConfig, advance, begin
from policies.rewards.shaping.potential import PotentialConfig, potential
from policies.rewards.shaping.waypoint_path import WaypointPath
from robot.core.errors import ConfigError

PATH = WaypointPath([[0, 0, 0], [0.5, 0, 0]], look_ahead_m=0.05)
CONFIG = ObjectProgressConfig()
STAY = np.zeros((51, 3))
GO = np.linspace([0, 0, 0], [0.5, 0, 0], 51)  # 1 cm a step
AWAY = GO + np.array([0, 0.4, 0])


def run(objects: np.ndarray, grippers: np.ndarray) -> list[ObjectProgress]:
    seen = [begin(PATH, objects[0], grippers[0])]
    for thing, gripper in zip(objects[1:], grippers[1:], strict=True):
        seen.append(advance(PATH, seen[-1], thing, gripper, CONFIG))
    return seen


def phi(state: ObjectProgress, confidence: float = 1.0) -> float:
    return potential(state, PATH.length_m, confidence, PotentialConfig())


def test_carrying_the_object_earns_all_of_phi() -> None:
    seen = run(GO, GO)
    assert seen[-1].path.arc_m == pytest.approx(0.5, abs=0.011)
    assert phi(seen[-1]) == pytest.approx(PotentialConfig().weight, abs=0.01)


def test_a_gripper_that_goes_without_the_object_earns_nothing() -> None:
    seen = run(STAY, GO)
    assert {s.path.arc_m for s in seen} == {0.0}
    assert phi(seen[-1]) < phi(seen[0])


def test_an_object_that_goes_without_the_gripper_earns_nothing() -> None:
    assert run(GO, AWAY)[-1].path.arc_m == 0.0  # a person carries it off
    assert run(GO, STAY)[-1].path.arc_m == 0.0  # the gripper stands where it was
    near = 0.08 * np.sin(np.linspace(0, 9, 51))[:, None] * [0, 0, 1]
    assert run(GO, GO[:1] + near)[-1].path.arc_m < 0.12  # and fidgets: no more than while it is at the object


def test_a_gripper_that_comes_where_a_person_put_the_object_earns_nothing() -> None:
    objects = np.array([[0, 0, 0], [0.04, 0, 0]], float)
    assert run(objects, np.array([[0.04, 0.5, 0], [0.04, 0, 0]]))[-1].path.arc_m == 0.0


def test_tracker_noise_is_no_progress() -> None:
    noise = np.random.default_rng(0).normal(0, 0.0007, (400, 3))
    assert run(noise, noise[::-1])[-1].path.arc_m == 0.0


def test_a_dropped_object_loses_and_regains_when_it_is_fetched() -> None:
    half = GO[:26]
    fallen = np.repeat([[0.25, 0.1, -0.1]], 5, axis=0)
    up = half[-1] + np.linspace([0, 0, 0.1], [0, 0, 0.3], 5)
    dropped = run(np.vstack([half, fallen]), np.vstack([half, up]))
    assert phi(dropped[-1]) < 0.5 * phi(dropped[25])
    back = np.linspace(fallen[-1], half[-1], 20)
    objects = np.vstack([half, fallen, fallen[:1], back])
    grippers = np.vstack([half, up, fallen[:1], back])
    assert phi(run(objects, grippers)[-1]) == pytest.approx(phi(dropped[25]), abs=0.05)


def test_a_lost_object_stands_still() -> None:
    before = run(GO[:20], GO[:20])[-1]
    after = advance(PATH, before, None, GO[40], CONFIG)
    assert after.path == before.path
    assert after.gripper_distance_m > before.gripper_distance_m


def test_approach_raises_phi_towards_its_share() -> None:
    coming = run(STAY, AWAY[::-1] * [1, 0, 1] * 0.8)  # from 0.4 m to the object
    values = [phi(s) for s in coming]
    assert np.all(np.diff(values) > 0)
    assert values[-1] == pytest.approx(0.3 * 0.5)


def test_confidence_is_inside_phi() -> None:
    state = run(GO, GO)[-1]
    assert phi(state, 0.25) == pytest.approx(phi(state) / 4)
    assert phi(state, 0.0) == 0.0


def test_what_makes_no_sense_is_refused() -> None:
    state = begin(PATH, [0, 0, 0], [0, 0, 0])
    with pytest.raises(ConfigError, match=r"confidence: got 1\.5"):
        phi(state, 1.5)
    with pytest.raises(ConfigError, match="progress: got nan"):
        phi(begin(PATH, [0, 0, 0], [np.nan, 0, 0]))
    with pytest.raises(ConfigError, match="2 problems"):
        PotentialConfig(weight=0, approach_share=1)
    with pytest.raises(ConfigError, match="hold_radius_m"):
        ObjectProgressConfig(hold_radius_m=-1)
