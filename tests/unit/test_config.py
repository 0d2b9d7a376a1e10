"""Configuration: every mistake is reported at once, with its path, and nothing else gets out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from robot.core.config import config_hash, from_dict, to_dict
from robot.core.errors import ConfigError


@dataclass(frozen=True)
class Limits:
    max_speed_mps: float  # a safety quantity: no default
    max_force_n: float = 20.0

    def __post_init__(self) -> None:
        if self.max_force_n <= 0:
            raise ConfigError([f"max_force_n: got {self.max_force_n}, want more than 0"])


@dataclass(frozen=True)
class Arm:
    address: str
    limits: Limits
    home_rad: tuple[float, ...] = (0.0, 1.0)
    axes: tuple[int, int] = (0, 1)
    mode: Literal["impedance", "position"] = "impedance"
    gains: dict[str, float] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    calibration: str | None = None
    gripper: bool = False

    def __post_init__(self) -> None:
        if self.limits.max_speed_mps > 1.0:
            raise ConfigError(["limits.max_speed_mps: over 1 m/s"])


GOOD: dict[str, Any] = {"address": "10.0.0.2", "limits": {"max_speed_mps": 0.25}}


def problems(changes: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        from_dict(Arm, {**GOOD, **changes})
    return caught.value.problems


def test_five_mistakes_are_five_problems() -> None:
    bad = {
        "limits": {"max_force_n": -1.0},  # missing max_speed_mps
        "home_rads": [0.0],  # unknown
        "mode": "torque",  # not a choice
        "gripper": "yes",  # wrong type
        "axes": [0, 1, 2],  # wrong length
    }
    found = problems(bad)
    assert len(found) == 5
    assert any("limits.max_speed_mps: missing" in p for p in found)
    assert any("home_rads: unknown setting; did you mean 'home_rad'?" in p for p in found)
    assert any(p.startswith("mode: got 'torque'") and "impedance" in p for p in found)
    assert any(p.startswith("gripper: got 'yes' (str), want bool") for p in found)
    assert any("axes" in p and "a list of 2" in p for p in found)


def test_a_nested_class_checks_itself_and_the_path_is_told() -> None:
    assert problems({"limits": {"max_speed_mps": 0.1, "max_force_n": -1}}) == (
        "limits.max_force_n: got -1.0, want more than 0",
    )


def test_a_class_whose_own_check_reads_a_broken_part_still_reports_only_the_mistake() -> None:
    assert problems({"limits": {"max_speed_mps": "fast"}}) == (
        "limits.max_speed_mps: got 'fast' (str), want float",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"limits": 3},
        {"gains": 3},
        {"gains": {"kp": "high"}},
        {"gains": {7: 1.0}},
        {"home_rad": "0 1"},
        {"home_rad": [0.0, None]},
        {"address": None},
        {"calibration": 7},
        {"gripper": 1},
        {"axes": [0, 1.5]},
        {"axes": [True, 1]},
    ],
    ids=str,
)
def test_one_mistake_is_one_problem_at_its_place(change: dict[str, Any]) -> None:
    (found,) = problems(change)
    assert found.startswith(next(iter(change)))


def test_an_error_inside_a_check_is_not_swallowed() -> None:
    @dataclass(frozen=True)
    class Faulty:
        name: str = "x"

        def __post_init__(self) -> None:
            raise TypeError("a bug in the check")

    with pytest.raises(TypeError, match="a bug in the check"):
        from_dict(Faulty, {})


def test_plain_data_round_trip() -> None:
    arm = from_dict(Arm, {**GOOD, "home_rad": [1, 2.5], "gains": {"kp": 3}, "calibration": None})
    assert arm.home_rad == (1.0, 2.5)
    assert isinstance(arm.gains["kp"], float)
    assert from_dict(Arm, to_dict(arm)) == arm


def test_options_are_taken_as_they_are() -> None:
    options = {"serial": 7, "crop": [1, None], "nested": {"a": "b"}}
    assert from_dict(Arm, {**GOOD, "options": options}).options == options


def test_the_hash_tells_configurations_apart() -> None:
    variants = [{}, {"gripper": True}, {"gains": {"kp": 1.0}}, {"limits": {"max_speed_mps": 0.26}}]
    assert len({config_hash(from_dict(Arm, {**GOOD, **v})) for v in variants}) == len(variants)
    assert config_hash(from_dict(Arm, GOOD)) == config_hash(from_dict(Arm, dict(reversed(GOOD.items()))))


def test_the_message_counts_and_names_the_source() -> None:
    with pytest.raises(ConfigError, match=r"2 problems in rig\.yaml:\n  1\. .*\n  2\. "):
        from_dict(Arm, {}, "rig.yaml")
