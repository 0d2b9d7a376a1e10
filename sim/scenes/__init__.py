"""What stands in the cell for a task: bodies, how a reset places them, what success means. PRIVILEGED."""

from robot.core.registry import Registry

SCENES = Registry(
    "scene",
    {
        "peg_insert": "sim.scenes.peg_insert:PegInsertScene",
        "peg_insert_0_5mm": "sim.scenes.peg_insert:PEG_INSERT_0_5MM",
        "peg_insert_0_2mm": "sim.scenes.peg_insert:PEG_INSERT_0_2MM",
        "cable_route": "sim.scenes.cable_route:CableRouteScene",
        "flip": "sim.scenes.flip:FlipScene",
        "lift": "sim.scenes.lift:LiftScene",
        "handover": "sim.scenes.handover:HandoverScene",
    },
)
