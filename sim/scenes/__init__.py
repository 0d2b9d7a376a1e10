"""What stands in the cell for a task: bodies, how a reset places them, what success means. PRIVILEGED."""

from robot.core.registry import Registry

SCENES = Registry(
    "scene",
    {
        "peg_insert": "sim.scenes.peg_insert:PegInsertScene",
        "lift": "sim.scenes.lift:LiftScene",
    },
)
