"""Toss a disc in a pan so that it lands on its other face."""

from dataclasses import replace

from robot.core.spec import ActionSpec, ArmActionSpec
from robot.task import Box, Stroke, Swing, Task

# Tool frame: x along the handle to the pan's far wall, z down, turns about y lift the far wall. Up and back
# with the disc at the near wall, forward with the far wall sinking, and sharply back: the disc runs up the
# far wall, over its rim, and falls on its back.
_SWING = Swing(
    object="disc",
    carrier="pan",
    strokes=(
        Stroke(0.1, (-0.5, 0.0, -1.0, 0.0, 0.3, 0.0)),
        Stroke(0.2, (1.0, 0.0, -0.05, 0.0, -0.45, 0.0)),
        Stroke(0.2, (-1.0, 0.0, 0.0, 0.0, 0.65, 0.0)),
    ),
)

FLIP = Task(
    name="flip",
    sentence="Toss the disc so that it turns over and lands in the pan.",
    scene="flip",
    action=ActionSpec((ArmActionSpec("arm", ("x", "z", "ry"), 0.09, 0.2),)),
    cameras=("wrist", "front"),
    image_size=128,
    time_limit_steps=40,
    control_period_s=0.1,
    waypoints=(),
    # Pitched as far as the rig allows, the pan reaches 0.2 m below the finger tips: it stays off the table.
    workspace=Box((0.45, -0.38, 0.24), (0.55, 0.15, 0.6)),
    hand="swing",
    swing=_SWING,
    rig="twin_flip",
)

# The disc as it is and as it moves: the learner sees one observation without the ones before.
FLIP_STATE = replace(FLIP, name="flip_state", cameras=(), privileged=("disc", "disc_soon"))
