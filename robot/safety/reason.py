"""Why the safety layer changed what an arm was asked to do."""

from enum import IntFlag


class Reason(IntFlag):
    """Flags; stored with every step, counted and published."""

    NOT_FINITE = 1 << 0
    CLOCK_BACKWARDS = 1 << 1
    STALE_COMMAND = 1 << 2
    STALE_STATE = 1 << 3
    NOT_ENGAGED = 1 << 4  # a person's command without the dead-man
    DEVICE_LOST = 1 << 5
    STOPPED = 1 << 6  # latched until a person clears it
    FORCE = 1 << 7
    TORQUE = 1 << 8
    SPEED = 1 << 9
    ACCELERATION = 1 << 10
    JERK = 1 << 11
    WORKSPACE = 1 << 12
    TILT = 1 << 13
    LEASH = 1 << 14
    JOINT_POSITION = 1 << 15
    JOINT_SPEED = 1 << 16
    SINGULARITY = 1 << 17

    @property
    def names(self) -> tuple[str, ...]:
        """Lower-case names of the flags that are set."""
        return tuple(r.name.lower() for r in Reason if r in self and r.name)


# With one of these nothing of the ask is left.
HOLDS = (
    Reason.NOT_FINITE
    | Reason.CLOCK_BACKWARDS
    | Reason.STALE_COMMAND
    | Reason.STALE_STATE
    | Reason.NOT_ENGAGED
    | Reason.DEVICE_LOST
    | Reason.STOPPED
)
