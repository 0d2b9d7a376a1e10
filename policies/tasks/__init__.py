"""The skills Nudge knows, one a file."""

from robot.core.registry import Registry

TASKS = Registry(
    "task",
    {
        "peg_insert": "policies.tasks.peg_insert:PEG_INSERT",
        "peg_insert_state": "policies.tasks.peg_insert:PEG_INSERT_STATE",
        "lift": "policies.tasks.lift:LIFT",
    },
)
