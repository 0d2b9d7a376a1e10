"""The one table of topics: name, message type, class of service, how old a message may be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import UnionType

from robot.core import types as t


class Service(Enum):
    """What delivery a topic needs; `robot/ros/qos.py` turns it into ROS 2 QoS."""

    SENSOR = "sensor"  # newest wins, reliable, depth 1 per control tick
    COMMAND = "command"  # reliable, short queue
    STREAM = "stream"  # reliable, long queue: nothing may be lost
    LATCHED = "latched"  # the last one reaches late joiners


@dataclass(frozen=True)
class Topic:
    """One edge of the graph."""

    name: str
    type: type | UnionType
    service: Service
    stale_after_s: float = float("inf")


def arm_state(arm: str) -> Topic:
    """State of one arm, once a control period."""
    return Topic(f"/rig/{arm}/state", t.RobotState, Service.SENSOR, 0.2)


def camera_image(camera: str) -> Topic:
    """Frames of one camera at the policy's size."""
    return Topic(f"/rig/camera/{camera}/image", t.Image, Service.SENSOR, 0.2)


def camera_info(camera: str) -> Topic:
    """The pinhole model of one camera's published frames."""
    return Topic(f"/rig/camera/{camera}/camera_info", t.CameraInfo, Service.LATCHED)


PROPOSED = Topic("/rig/action/proposed", t.Action, Service.COMMAND, 0.2)
COMMAND = Topic("/rig/action/command", t.Action, Service.COMMAND, 0.2)
EXECUTED = Topic("/rig/action/executed", t.Action, Service.COMMAND, 0.2)
TELEOP = Topic("/rig/teleop/command", t.TeleopCommand, Service.COMMAND, 0.2)
EVENT = Topic("/rig/event", t.Event, Service.STREAM)
REWARD = Topic("/rig/reward", t.Reward, Service.COMMAND, 0.2)
EPISODE_START = Topic("/rig/episode/start", t.EpisodeStart, Service.COMMAND)
# One topic for all, because ROS 2 keeps order within a topic only.
EXPERIENCE = Topic("/rig/experience", t.EpisodeHeader | t.Step | t.LateLabels | t.EpisodeEnd, Service.STREAM)
STORED = Topic("/rig/stored", t.Status, Service.LATCHED)
WEIGHTS = Topic("/rig/learner/weights", t.Weights, Service.LATCHED)
LEARNER_STATUS = Topic("/rig/learner/status", t.Status, Service.LATCHED)
ACTOR_STATUS = Topic("/rig/actor/status", t.Status, Service.STREAM)
DEVICES = Topic("/rig/devices", t.DeviceHealth, Service.STREAM)
SPEED_SCALE = Topic("/rig/speed_scale", t.SpeedScale, Service.LATCHED)
AUTONOMY = Topic("/rig/autonomy", t.Status, Service.STREAM)  # practice without a person: one a change of mode
SAFETY = Topic("/rig/safety", t.Status, Service.STREAM)  # what the safety layer did, counted by reason
TRUTH = Topic("/twin/truth", t.Truth, Service.COMMAND)
