"""Arm drivers by name. To add one, write a file here and a line below."""

from robot.core.registry import Registry

ARMS = Registry(
    "arm driver",
    {
        "franka": "robot.arms.franka:FrankaArm",
        "pylibfranka": "robot.arms.pylibfranka:PylibfrankaArm",
        "frankx": "robot.arms.frankx:FrankxArm",
        "ros2_control": "robot.ros.arm:Ros2ControlArm",
        "twin": "sim.arm:TwinArm",
    },
)
