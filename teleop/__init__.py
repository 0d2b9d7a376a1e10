"""Teleoperation devices by name. To add one, write a file here and a line below."""

from robot.core.registry import Registry

TELEOP = Registry(
    "teleop device",
    {
        "spacemouse": "teleop.spacemouse:SpaceMouse",
        "gamepad": "teleop.gamepad:Gamepad",
        "keyboard": "teleop.keyboard:Keyboard",
        "leader": "teleop.leader:LeaderArm",
    },
)
