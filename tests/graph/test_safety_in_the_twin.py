"""The safety layer by the twin's own trace; the benchmark does the same over 10,000 steps."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.safety import ARM, derivatives, drive_into_table, hand_over, noise
from robot.safety.reason import Reason

LIMITS = ARM.limits
SLACK = 1 + 1e-6  # rounding


@pytest.mark.slow
def test_a_policy_of_noise_exceeds_no_limit() -> None:
    seen = noise(300, LIMITS)
    assert seen["stops"] == 0
    assert seen["outside_m"] < 0
    assert seen["tilt_rad"] < LIMITS.tilt_rad
    assert seen["speed_mps"] < LIMITS.speed_mps
    assert seen["turn_radps"] < LIMITS.turn_speed_radps
    assert seen["joint_margin_rad"] > 0
    assert seen["joint_speed_share"] < 1
    assert seen["reference_acceleration"] <= LIMITS.acceleration_mps2 * SLACK
    assert seen["reference_jerk"] <= LIMITS.jerk_mps3 * SLACK
    assert seen["reference_turn_acceleration"] <= LIMITS.turn_acceleration_radps2 * SLACK
    assert seen["reference_turn_jerk"] <= LIMITS.turn_jerk_radps3 * SLACK
    assert set(seen["counts"]) <= {r.lower() for r in Reason.__members__}
    assert seen["counts"]["acceleration"] > 100  # it had to act


def test_a_stiff_arm_presses_a_tenth_as_hard_on_a_table() -> None:
    felt, _ = drive_into_table(guard=True, clipped_spring=False, limits=LIMITS)
    unguarded, _ = drive_into_table(guard=False, clipped_spring=False, limits=LIMITS)
    assert felt < LIMITS.stop_force_n
    assert felt < unguarded / 10


def test_hand_overs_stay_below_acceleration_and_jerk_limits() -> None:
    seen = derivatives(hand_over(LIMITS))
    assert seen["jerk"].max() < LIMITS.jerk_mps3 / 2
    assert seen["acceleration"].max() < LIMITS.acceleration_mps2
    assert np.abs(seen["speed"]).max() > 0.05
