"""The skills Nudge knows, one a file."""

from robot.core.registry import Registry

TASKS = Registry(
    "task",
    {
        "peg_insert": "policies.tasks.peg_insert:PEG_INSERT",
        "peg_insert_state": "policies.tasks.peg_insert:PEG_INSERT_STATE",
        "peg_insert_0_5mm": "policies.tasks.peg_insert:PEG_INSERT_0_5MM",
        "peg_insert_0_5mm_state": "policies.tasks.peg_insert:PEG_INSERT_0_5MM_STATE",
        "peg_insert_0_2mm": "policies.tasks.peg_insert:PEG_INSERT_0_2MM",
        "peg_insert_0_2mm_state": "policies.tasks.peg_insert:PEG_INSERT_0_2MM_STATE",
        "cable_route": "policies.tasks.cable_route:CABLE_ROUTE",
        "cable_route_state": "policies.tasks.cable_route:CABLE_ROUTE_STATE",
        "flip": "policies.tasks.flip:FLIP",
        "flip_state": "policies.tasks.flip:FLIP_STATE",
        "lift": "policies.tasks.lift:LIFT",
        "lift_state": "policies.tasks.lift:LIFT_STATE",
        "handover": "policies.tasks.handover:HANDOVER",
        "handover_state": "policies.tasks.handover:HANDOVER_STATE",
    },
)
