"""Arms, cameras and hand devices: connect, read for a second, close. Nothing is sent, so nothing moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

import numpy as np

from robot.arms.driver import ArmDriver
from robot.cameras.driver import CameraDriver, Frame
from robot.core.errors import NudgeError
from robot.core.types import RobotState
from robot.doctor.finding import Finding, ok, problem, warning
from robot.limits import SafetyLimits
from robot.rig import ArmRig, CameraRig

_WATCH_S = 1.0
_FIRST_FRAME_S = 5.0
_LOOK_S = 0.002
T = TypeVar("T")


def look_at_arm(check: str, driver: ArmDriver, rig: ArmRig, lockstep: bool) -> Iterator[Finding]:
    """Connects, reads the arm for a second and says what would make the safety layer hold or stop at once.

    Args:
        lockstep: the arm's time stands still until it is sent something, so it has no rate.
    """
    with closing(driver):
        try:
            driver.connect()
            states = list(_watched(driver.state, lambda s: s.stamp_ns))
        except NudgeError as error:
            yield problem(check, str(error))
            return
        if fault := driver.fault():
            yield problem(check, fault, "find out why, then clear it: in Desk or the pendant, or `nudge jog`")
        if not lockstep:
            yield measuring_rate(check, states, rig.limits)
        yield from pose_problems(check, states[-1], rig.limits)


def measuring_rate(check: str, states: list[RobotState], limits: SafetyLimits) -> Finding:
    """How often the state is new, against the age at which the safety layer holds the arm."""
    gaps_s = np.diff([s.stamp_ns for s in states]) * 1e-9
    if not len(gaps_s):
        return problem(check, f"the same state for {_WATCH_S:g} s", "restart the arm's controller")
    worst, allowed = float(gaps_s.max()), limits.stale_state_s
    looked = f"(looked every {_LOOK_S * 1e3:.0f} ms)"
    seen = f"a new state every {np.median(gaps_s) * 1e3:.0f} ms {looked}, at worst {worst * 1e3:.0f} ms"
    if worst <= allowed:
        return ok(check, seen)
    advice = "free the network and CPU the arm needs; or raise stale_state_s, knowing how far it goes blind"
    return warning(check, f"{seen}, stale_state_s is {allowed * 1e3:.0f} ms: it would hold", advice)


def pose_problems(check: str, state: RobotState, limits: SafetyLimits) -> Iterator[Finding]:
    """Where the arm is, and what it feels at rest, against the limits it will be kept in."""
    low, high = np.array(limits.joint_low_rad), np.array(limits.joint_high_rad)
    if len(state.q) != len(low):
        yield problem(check, f"{len(state.q)} joints measured, limits for {len(low)}", "correct the rig file")
        return
    margin = limits.joint_margin_rad
    for i in np.flatnonzero((state.q < low + margin) | (state.q > high - margin)):
        allowed = f"{low[i] + margin:.3f} to {high[i] - margin:.3f} rad"
        seen = f"joint {i + 1} at {state.q[i]:.3f} rad, the rig allows {allowed}"
        yield warning(check, seen, "move it by hand or in the vendor's tool before you start")
    yield _place(check, state, limits)
    yield _load(check, state, limits)


def _place(check: str, state: RobotState, limits: SafetyLimits) -> Finding:
    at = state.T_base_tcp[:3, 3]
    seen = f"tool at ({at[0]:.3f}, {at[1]:.3f}, {at[2]:.3f}) m"
    if np.all(at >= limits.workspace_low_m) and np.all(at <= limits.workspace_high_m):
        return ok(check, f"{seen}, inside the workspace")
    advice = "move it inside by hand or in the vendor's tool, or correct the workspace in the rig file"
    return warning(check, f"{seen}, outside the workspace", advice)


def _load(check: str, state: RobotState, limits: SafetyLimits) -> Finding:
    force, torque = (float(np.linalg.norm(part)) for part in (state.wrench[:3], state.wrench[3:]))
    seen = f"{force:.1f} N and {torque:.2f} Nm at rest"
    if force <= limits.force_n / 2 and torque <= limits.torque_nm / 2:
        return ok(check, seen)
    advice = "tell the controller the tool's mass and centre (Desk > Settings > End effector)"
    return warning(check, f"{seen}, limits {limits.force_n:g} N and {limits.torque_nm:g} Nm", advice)


def look_at_camera(check: str, camera: CameraDriver, rig: CameraRig) -> Iterator[Finding]:
    """Connects, and measures a second of frames from the first one on."""
    with closing(camera):
        try:
            info = camera.connect()
            frames = list(_frames(camera))
        except NudgeError as error:
            yield problem(check, str(error))
            return
    if not frames:
        advice = "plug it in again, and close other programs that use it"
        yield problem(check, f"connected, but no frame in {_FIRST_FRAME_S:g} s", advice)
        return
    yield frame_rate(check, f"{info.width}x{info.height}", frames, rig)


def frame_rate(check: str, size: str, frames: list[tuple[int, Frame]], rig: CameraRig) -> Finding:
    """Frames a second and how old a frame was when it was handed over.

    Args:
        frames: (time of the reading, Unix ns; frame).
    """
    if frames[-1][1].pixels.std() < 1.0:
        return warning(check, f"{size}, but one colour only", "take the lens cap off; correct the exposure")
    age_s = max((read_ns - f.stamp_ns) * 1e-9 for read_ns, f in frames)
    span_s = (frames[-1][1].stamp_ns - frames[0][1].stamp_ns) * 1e-9
    rate = (len(frames) - 1) / span_s if span_s > 0 else 0.0
    seen = f"{size}, {rate:.0f} frames/s, oldest {age_s * 1e3:.0f} ms"
    if age_s <= rig.max_age_s and rate >= rig.min_fps:
        return ok(check, seen)
    wanted = f"wanted {rig.min_fps:g} frames/s and at most {rig.max_age_s * 1e3:.0f} ms"
    advice = "use USB 3, a lower resolution, and more light; cameras on one hub share its bandwidth"
    return warning(check, f"{seen}; {wanted}", advice)


def look_at_hand(check: str, device: Any) -> Iterator[Finding]:
    """Opens the teleop device and reads it once; its own error names node, mode and udev rule."""
    with closing(device):
        try:
            device.connect()
            reading = device.read()
        except NudgeError as error:
            yield problem(check, str(error))
            return
    largest = float(np.abs(reading.axes).max())
    if largest > 0.2:
        advice = "let go of it and look again; if it stays, unplug it, wait, plug it in untouched"
        yield warning(check, f"deflected by {largest:.2f} of its range while nobody should touch it", advice)
    else:
        yield ok(check, f"answers; deflected by {largest:.2f} of its range")


def _watched(read: Callable[[], T], stamp_of: Callable[[T], int]) -> Iterator[T]:
    """What is new within a second, by its stamp; at least one."""
    end, last = time.monotonic() + _WATCH_S, None
    while last is None or time.monotonic() < end:
        item = read()
        if stamp_of(item) != last:
            last = stamp_of(item)
            yield item
        time.sleep(_LOOK_S)


def _frames(camera: CameraDriver) -> Iterator[tuple[int, Frame]]:
    end = time.monotonic() + _FIRST_FRAME_S
    first = True
    while time.monotonic() < end:
        frame = camera.read()
        if frame is not None:
            end = time.monotonic() + _WATCH_S if first else end
            first = False
            yield time.time_ns(), frame
        time.sleep(_LOOK_S)
