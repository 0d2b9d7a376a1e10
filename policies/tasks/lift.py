"""Grasp a cube that lies somewhere on the table and lift it."""

from dataclasses import replace

from robot.core.spec import ActionSpec, ArmActionSpec
from robot.task import Box, StartRange, Task, Waypoint

# The twin's `cube` frame: z up, origin at the cube's middle; `cube_rest` is where it lay at the reset.
_ABOVE = Waypoint("cube", (0.0, 0.0, 0.05), tolerance_m=0.008, tolerance_rad=0.1, gripper=1.0)
_AROUND = Waypoint("cube", (0.0, 0.0, 0.0), tolerance_m=0.006, tolerance_rad=0.1, gripper=1.0)
_GRASPED = Waypoint("cube", (0.0, 0.0, 0.0), tolerance_m=0.01, gripper=-1.0, dwell_steps=4)
_LIFTED = Waypoint("cube_rest", (0.0, 0.0, 0.1), tolerance_m=0.005, gripper=-1.0)

LIFT = Task(
    name="lift",
    sentence="Grasp the red cube and lift it 10 cm straight up.",
    scene="lift",
    action=ActionSpec((ArmActionSpec("arm", ("x", "y", "z", "rz"), 0.012, 0.1, gripper=True),)),
    cameras=("wrist", "front"),
    image_size=128,
    time_limit_steps=60,
    control_period_s=0.1,
    waypoints=(_ABOVE, _AROUND, _GRASPED, _LIFTED),
    workspace=Box((0.43, -0.07, 0.012), (0.57, 0.07, 0.25)),
    starts=(StartRange("arm", spread_m=(0.01, 0.01, 0.0), gripper=1.0),),
)

LIFT_STATE = replace(LIFT, name="lift_state", cameras=(), privileged=("cube",))
