"""Camera drivers by name. To add one, write a file here and a line below."""

from robot.core.registry import Registry

CAMERAS = Registry(
    "camera driver",
    {
        "realsense": "robot.cameras.realsense:RealSenseCamera",
        "opencv": "robot.cameras.opencv:OpenCvCamera",
        "ros2": "robot.ros.camera:RosCamera",
        "twin": "sim.camera:TwinCamera",
    },
)
