"""The environments that the benchmark knows, one a file; a file imports its package when it makes one."""

from robot.core.registry import Registry

FOREIGN_TASKS = Registry(
    "foreign task",
    {
        "pick_cube": "benchmarks.foreign.tasks.pick_cube:PICK_CUBE",
        "lift": "benchmarks.foreign.tasks.lift:LIFT",
        "can": "benchmarks.foreign.tasks.can:CAN",
    },
)
