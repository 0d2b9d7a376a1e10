"""What Franka's controllers refuse to exceed, for every driver of these arms."""

from __future__ import annotations

from robot.arms.driver import HardLimits

FR3 = HardLimits(
    # "Robot limits" of Franka's FCI documentation; the joint table is the one the simulator enforces.
    # A joint's speed limit shrinks further near its ends, so a rig's margin there is not optional.
    speed_mps=3.0,
    acceleration_mps2=9.0,
    jerk_mps3=4500.0,
    turn_speed_radps=2.5,
    turn_acceleration_radps2=17.0,
    turn_jerk_radps3=8500.0,
    joint_low_rad=(-2.750, -1.792, -2.907, -3.048, -2.810, 0.541, -3.020),
    joint_high_rad=(2.750, 1.792, 2.907, -0.146, 2.810, 4.521, 3.020),
    joint_speed_radps=(2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26),
)

PANDA = HardLimits(
    # The same page's table for the first generation, whose speed limits do not depend on the position.
    speed_mps=1.7,
    acceleration_mps2=13.0,
    jerk_mps3=6500.0,
    turn_speed_radps=2.5,
    turn_acceleration_radps2=25.0,
    turn_jerk_radps3=12500.0,
    joint_low_rad=(-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973),
    joint_high_rad=(2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973),
    joint_speed_radps=(2.175, 2.175, 2.175, 2.175, 2.61, 2.61, 2.61),
)
