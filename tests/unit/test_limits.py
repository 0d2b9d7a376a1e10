"""Safety limits: every wrong one is refused, all at once."""

from __future__ import annotations

import math
from dataclasses import asdict, fields
from typing import Any

import pytest

from robot.core.config import from_dict
from robot.core.errors import ConfigError
from robot.limits import SafetyLimits
from tests.unit.safety_cases import limits

POSITIVE = [f.name for f in fields(SafetyLimits) if f.type == "float"]
TUPLES = [f.name for f in fields(SafetyLimits) if f.type != "float"]


def problems(**changes: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        limits(**changes)
    return "\n".join(refused.value.problems)


def test_no_limit_has_a_default() -> None:
    with pytest.raises(ConfigError) as refused:
        from_dict(SafetyLimits, {})
    told = "\n".join(refused.value.problems)
    assert all(f"{f.name}: missing" in told for f in fields(SafetyLimits))


def test_good_limits_come_back_from_a_file() -> None:
    assert from_dict(SafetyLimits, asdict(limits(6))) == limits(6)


@pytest.mark.parametrize("name", POSITIVE)
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, -math.inf])
def test_a_number_that_is_no_limit_is_refused(name: str, value: float) -> None:
    assert f"{name}: got {value}, want a positive finite number" in problems(**{name: value})


@pytest.mark.parametrize("name", TUPLES)
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_so_is_one_of_several(name: str, value: float) -> None:
    good = getattr(limits(), name)
    assert f"{name}: got {value}, want" in problems(**{name: (*good[:-1], value)})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"workspace_low_m": (0.3, 0.3, 0.0)}, "workspace_low_m[1]: got 0.3, want less than"),
        ({"joint_low_rad": (-2.0,) * 6 + (2.5,)}, "joint_low_rad[6]: got 2.5, want less than"),
        ({"stop_force_n": 30.0}, "force_n: got 30.0, want less than stop_force_n (30.0)"),
        ({"stop_torque_nm": 1.0}, "torque_nm: got 6.0, want less than stop_torque_nm (1.0)"),
        ({"joint_speed_radps": (3.0,) * 6}, "want the same number of joints"),
        ({"joint_speed_radps": (3.0,) * 6 + (0.0,)}, "joint_speed_radps: got 0.0, want a positive"),
        ({"speed_scale": 1.1}, "speed_scale: got 1.1, want over 0 and at most 1"),
    ],
)
def test_disorder_is_refused(changes: dict[str, object], told: str) -> None:
    assert told in problems(**changes)


def test_all_problems_are_told_at_once() -> None:
    told = problems(speed_mps=-1.0, leash_m=math.nan, workspace_low_m=(9.0, -0.3, 0.0), stop_force_n=1.0)
    for name in ("speed_mps", "leash_m", "workspace_low_m[0]", "force_n"):
        assert f"{name}: got" in told
