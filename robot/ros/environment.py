"""Where a session's ROS graph lives: its own domain on this machine. Imports no rclpy."""

from __future__ import annotations

import fcntl
import importlib
import os
import tempfile
from pathlib import Path

from robot.core.errors import NudgeError

_DOMAINS = range(1, 102)  # 0 is everybody's default; above 101 the ports meet Linux's ephemeral ones
_locks: dict[int, int] = {}  # domain id -> open lock file: the lock lives as long as this process


def ros_environment(domain_id: int) -> dict[str, str]:
    """This process's environment with the graph kept on this host, in its own domain.

    A sourced ROS 2 installation is used as it is, with the middleware it names, and so is a Fast DDS profile
    of the user's; ours (fastdds.xml) makes room for images in shared memory and shortens the heartbeat.
    """
    if domain_id not in _DOMAINS:
        raise NudgeError(f"ROS domain id: got {domain_id}, want {_DOMAINS[0]} to {_DOMAINS[-1]}")
    environment = {
        **os.environ,
        "ROS_DOMAIN_ID": str(domain_id),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    if not ros_is_sourced():
        environment["RMW_IMPLEMENTATION"] = "rmw_fastrtps_cpp"  # the only one the wheels bring
    environment.setdefault("FASTRTPS_DEFAULT_PROFILES_FILE", str(Path(__file__).with_name("fastdds.xml")))
    return environment


def ros_is_sourced() -> bool:
    """Whether the shell has sourced a ROS 2 installation (its setup.bash sets both variables)."""
    return bool(os.environ.get("AMENT_PREFIX_PATH") and os.environ.get("ROS_DISTRO"))


def free_domain_id() -> int:
    """A domain id no other live session of this machine has; ours until this process ends."""
    for domain_id in _DOMAINS:
        if domain_id not in _locks and (lock := _lock(domain_id)) is not None:
            _locks[domain_id] = lock
            return domain_id
    raise NudgeError(
        f"all {len(_DOMAINS)} ROS domain ids of this machine are taken; end a session, "
        f"or see who holds {_lock_path(1).parent}/nudge-ros-domain-*.lock"
    )


def claim_domain_id(domain_id: int) -> None:
    """Take the domain id that a rig names, until this process ends; NudgeError if another session has it."""
    if domain_id in _locks:
        return
    if (lock := _lock(domain_id)) is None:
        raise NudgeError(
            f"ROS domain id {domain_id} belongs to another Nudge session of this machine: two rigs in one "
            f"domain would obey each other's commands. End that session, or change domain_id in the rig file "
            f"({_lock_path(domain_id)} is what it holds)"
        )
    _locks[domain_id] = lock


def domain_id_is_taken(domain_id: int) -> bool:
    """Whether another live session of this machine has claimed it."""
    if domain_id in _locks:
        return False
    if (lock := _lock(domain_id)) is None:
        return True
    os.close(lock)
    return False


def require_rclpy() -> None:
    """Raise NudgeError with the next step when the ROS packages cannot be imported."""
    for package in ("rclpy", "std_msgs.msg", "sensor_msgs.msg", "geometry_msgs.msg", "diagnostic_msgs.msg"):
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise NudgeError(
                f"ROS 2 cannot be used, {package} does not import: {error}. "
                "Run `pip install 'nudge[ros]'`, or source a ROS 2 Jazzy installation of this Python"
            ) from error


def _lock(domain_id: int) -> int | None:
    try:
        lock = os.open(_lock_path(domain_id), os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:  # another user's
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _lock_path(domain_id: int) -> Path:
    return Path(tempfile.gettempdir()) / f"nudge-ros-domain-{domain_id}.lock"
