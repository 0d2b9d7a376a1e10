"""Take a bar from the table with the left arm, hand it over to the right one, and let go."""

from dataclasses import replace

from robot.core.spec import ActionSpec, ArmActionSpec
from robot.task import Box, Task, Waypoint

# The twin's frames, z up: `bar` in its middle, x from the end that the left hand takes to the right hand's;
# `meet` in the middle between the arms. 0.12 m from a bar's middle a hand takes it.
_LEFT = Waypoint("bar", (-0.12, 0.0, 0.002), tolerance_m=0.006, tolerance_rad=0.08, gripper=1.0, arm="left")
# Its hand cannot turn about z, and closes on a bar that lies a little askew in the other one.
_RIGHT = replace(_LEFT, position_m=(0.12, 0.0, 0.002), tolerance_rad=0.25, arm="right")

_LEFT_OFFERS = Waypoint("meet", (-0.12, 0.0, 0.0), 0.02, gripper=-1.0, dwell_steps=2, arm="left")
_RIGHT_HOLDS = Waypoint("meet", (0.12, 0.0, 0.0), 0.02, gripper=-1.0, dwell_steps=1, arm="right")

LEFT_WAYPOINTS = (
    replace(_LEFT, position_m=(-0.12, 0.0, 0.05), tolerance_m=0.01),
    _LEFT,
    replace(_LEFT, tolerance_m=0.012, gripper=-1.0, dwell_steps=1),
    replace(_LEFT_OFFERS, name="offered", holding=True),
    replace(_LEFT, tolerance_m=0.03, dwell_steps=2, after="taken"),
    replace(_LEFT, position_m=(-0.12, 0.0, 0.09)),
)
RIGHT_WAYPOINTS = (
    replace(_RIGHT_HOLDS, position_m=(0.12, 0.0, 0.06), tolerance_m=0.01, gripper=1.0),
    replace(_RIGHT, after="offered"),
    replace(_RIGHT, tolerance_m=0.012, gripper=-1.0, dwell_steps=1, name="taken"),
    replace(_RIGHT_HOLDS, holding=True),
)

HANDOVER = Task(
    name="handover",
    sentence="Take the bar with the left arm and hand it over to the right one.",
    scene="handover",
    action=ActionSpec(
        (
            ArmActionSpec("left", ("x", "y", "z", "rz"), 0.012, 0.1, gripper=True),
            ArmActionSpec("right", ("x", "y", "z"), 0.012, 0.1, gripper=True),
        )
    ),
    cameras=("left_wrist", "right_wrist"),
    image_size=128,
    # Demonstrations take 70 steps. A bar that fell must be fetched again: there has to be time for that.
    time_limit_steps=200,
    control_period_s=0.1,
    waypoints=(*LEFT_WAYPOINTS, *RIGHT_WAYPOINTS),
    # Bases stand 1.24 m apart: the tool centre points stay 0.22 m apart, further than two hands reach.
    workspace=Box((0.4, -0.08, 0.012), (0.51, 0.08, 0.26)),
    rig="twin_two_arms",
    # An episode is four times as long as an insertion: more to see, and success so far away that what one
    # action does to the value drowns in the critics' noise. Imitation keeps the actor from climbing that.
    settings={
        "demos": 40,
        "bc": {"train_steps": 3500},
        "learner": {"residual": {"discount": 0.99, "bc_weight": 20.0}},
    },
)

HANDOVER_STATE = replace(HANDOVER, name="handover_state", cameras=(), privileged=("bar",))
