"""What can be wrong with an attempt."""

from enum import Enum


class Trouble(Enum):
    """The value is for people."""

    NONE = ""
    STUCK = "stuck: asked to move, and the tool stays where it is"
    JAM = "jammed: asked to move against a hard push, and the tool stays where it is"
    DROPPED = "dropped: the gripper has closed on nothing since it held something"
