"""From an arm's ROS messages to numpy: joints by name, the pose and how it moves, the wrench, the gripper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.core.errors import DeviceError
from robot.core.se3 import difference, from_quat_xyzw, transform
from robot.core.types import Array
from robot.ros.arm_config import FaultTopic, GripperTopics, WrenchTopic

_FILTER_S = 0.02  # time constant of the twist: differences of poses are noisy
_MIN_STEP_S = 0.004  # poses nearer in time are not differenced: their jitter would be the result


@dataclass(frozen=True)
class Joints:
    """Measured joints, in the rig's order."""

    q: Array  # [J] rad
    dq: Array  # [J] rad/s
    tau: Array  # [J] the effort as published: Nm, on UR the motor currents; zero where there is none


@dataclass(frozen=True)
class Tcp:
    """Where the tool centre point is, and how it moves."""

    T_base_tcp: NDArray[np.float64]  # [4, 4]
    twist: Array  # [6] m/s, rad/s, base frame


class JointReader:
    """Picks ``names`` out of a JointState, whatever the order and whoever else is in it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __call__(self, message: Any, stamp_ns: int) -> Joints:
        """DeviceError for a message without one of the joints, or without its velocity."""
        if missing := [n for n in self._names if n not in message.name]:
            raise DeviceError(f"joints {missing} are not among {list(message.name)}: correct `joints`")
        indices = [message.name.index(n) for n in self._names]
        q, dq = self._picked(message.position, indices), self._picked(message.velocity, indices)
        if not (np.isfinite(q).all() and np.isfinite(dq).all()):
            raise DeviceError(
                f"got positions {q.tolist()} and velocities {dq.tolist()}, want numbers: let the "
                "joint_state_broadcaster read the interfaces position and velocity of every joint"
            )
        return Joints(q, dq, np.nan_to_num(self._picked(message.effort, indices)))

    def _picked(self, values: Any, indices: list[int]) -> Array:
        all_there = len(values) > max(indices)
        return np.array([values[i] if all_there else math.nan for i in indices], np.float32)


class PoseReader:
    """Poses in ``base_frame``; the twist is their difference, low-pass filtered (time constant 20 ms)."""

    def __init__(self, base_frame: str) -> None:
        self._base_frame = base_frame
        self._last: tuple[int, NDArray[np.float64]] | None = None
        self._twist = np.zeros(6)

    def __call__(self, message: Any, stamp_ns: int) -> Tcp:
        """DeviceError for a pose in another frame, or not finite."""
        if message.header.frame_id != self._base_frame:
            raise DeviceError(
                f"the pose is in frame {message.header.frame_id!r}, want {self._base_frame!r}: correct "
                "`base_frame`, and give limits and poses in that frame (UR: base is base_link turned by pi)"
            )
        p, o = message.pose.position, message.pose.orientation
        numbers = np.array([p.x, p.y, p.z, o.x, o.y, o.z, o.w])
        if not np.isfinite(numbers).all() or abs(np.linalg.norm(numbers[3:]) - 1) > 0.01:
            raise DeviceError(f"got pose {numbers.tolist()}, want finite numbers and a unit quaternion")
        T = transform(from_quat_xyzw(numbers[3:]), numbers[:3])
        self._follow(T, stamp_ns)
        return Tcp(T, self._twist.astype(np.float32))

    def _follow(self, T: NDArray[np.float64], stamp_ns: int) -> None:
        step_s = _MIN_STEP_S if self._last is None else (stamp_ns - self._last[0]) * 1e-9
        if 0 <= step_s < _MIN_STEP_S:
            return
        if self._last is not None and step_s > 0:
            measured = np.concatenate(difference(self._last[1], T)) / step_s
            self._twist += (1 - math.exp(-step_s / _FILTER_S)) * (measured - self._twist)
        self._last = (stamp_ns, T)


class WrenchReader:
    """Wrenches in the axes the rig names, as acting on the tool."""

    def __init__(self, source: WrenchTopic, base_frame: str) -> None:
        self._source, self._base_frame = source, base_frame

    def __call__(self, message: Any, stamp_ns: int) -> NDArray[np.float64]:
        """[6] N, Nm in the source's axes; DeviceError if the header contradicts the rig."""
        in_base = message.header.frame_id == self._base_frame
        if message.header.frame_id and in_base != (self._source.frame == "base"):
            raise DeviceError(
                f"the wrench is in frame {message.header.frame_id!r}, but wrench.frame is "
                f"{self._source.frame!r} and base_frame {self._base_frame!r}: correct wrench.frame"
            )
        f, t = message.wrench.force, message.wrench.torque
        wrench = np.array([f.x, f.y, f.z, t.x, t.y, t.z])
        if not np.isfinite(wrench).all():
            raise DeviceError(f"got wrench {wrench.tolist()}, want numbers: is the sensor connected?")
        return wrench if self._source.acts_on == "tool" else -wrench


class GripperReader:
    """The width between the fingers from one joint's position."""

    def __init__(self, gripper: GripperTopics) -> None:
        self._gripper = gripper

    def __call__(self, message: Any, stamp_ns: int) -> float:
        """Metres; DeviceError for a message without the joint."""
        g = self._gripper
        positions = dict(zip(message.name, message.position, strict=False))
        if not math.isfinite(position := positions.get(g.joint, math.nan)):
            raise DeviceError(f"no position of {g.joint!r} among {list(message.name)}: correct gripper.joint")
        return (position - g.closed_position) / (g.open_position - g.closed_position) * g.open_width_m


class FaultReader:
    """Remembers that the robot reported a fault, however short it was."""

    def __init__(self, source: FaultTopic) -> None:
        self._source = source
        self.latched = False

    def __call__(self, message: Any, stamp_ns: int) -> bool:
        """Whether there is a fault now."""
        now = bool(message.data) == self._source.fault_value
        self.latched = self.latched or now
        return now
