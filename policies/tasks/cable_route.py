"""Press a cable, fixed at one end and held at the other, into a clip that stands elsewhere every time."""

from dataclasses import replace

from robot.core.spec import ActionSpec, ArmActionSpec
from robot.task import Box, Task, Waypoint

# The twin's `over` and `past` frames: as high as the slot's floor, where the tool is with the cable straight
# and over the slot, or drawn along it; x from the tool to the clip, z up.
_OVER = Waypoint("over", (0.003, 0.0, 0.035), tolerance_m=0.004, tolerance_rad=0.06)
_LANE = ("cable_middle", "clip")  # a cable that lies beside the slot is lifted again
_PRESSED = Waypoint("over", (0.002, 0.0, -0.011), tolerance_m=0.004, lane_m=0.006, lane=_LANE, speed=0.7)
_DRAWN = Waypoint("past", (0.0, 0.0, -0.011), tolerance_m=0.002, lane_m=0.006, lane=_LANE)

CABLE_ROUTE = Task(
    name="cable_route",
    sentence="Press the cable that the gripper holds into the clip.",
    scene="cable_route",
    action=ActionSpec((ArmActionSpec("arm", ("x", "y", "z", "rz"), 0.01, 0.1),)),
    cameras=("wrist", "front"),
    image_size=128,
    time_limit_steps=70,
    control_period_s=0.1,
    waypoints=(_OVER, _PRESSED, _DRAWN),
    # The tool's range behind the clip and a little, but never over it.
    workspace=Box((0.4, -0.07, 0.008), (0.475, 0.07, 0.15)),
)

CABLE_ROUTE_STATE = replace(
    CABLE_ROUTE, name="cable_route_state", cameras=(), privileged=("clip", "cable_near", "cable_far")
)
