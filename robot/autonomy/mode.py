"""What an unattended cell is doing, and what may follow what."""

from enum import Enum


class Mode(Enum):
    """Only in RECOVER and RESET does autonomy itself move the arms."""

    PRACTICE = "practice"  # an episode: policy or person drive
    STUCK = "stuck"  # it goes nowhere and is to end; nothing moves until it has
    RECOVER = "recover"  # back along the way it came, or out, until the tool is free
    RESET = "reset"  # out, then across to the next start
    HELP_NEEDED = "help_needed"  # nothing moves until a person has set the scene


# A stop, or inputs that stay away, lead to HELP_NEEDED from everywhere; only a new episode leads out of it.
FOLLOWS = {
    Mode.PRACTICE: {Mode.STUCK, Mode.RESET, Mode.HELP_NEEDED},
    Mode.STUCK: {Mode.RECOVER, Mode.RESET, Mode.HELP_NEEDED, Mode.PRACTICE},
    Mode.RECOVER: {Mode.RESET, Mode.HELP_NEEDED, Mode.PRACTICE},
    Mode.RESET: {Mode.RECOVER, Mode.HELP_NEEDED, Mode.PRACTICE},
    Mode.HELP_NEEDED: {Mode.PRACTICE},
}
