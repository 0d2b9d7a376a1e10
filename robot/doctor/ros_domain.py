"""ROS 2: whether it imports, and whether another session or rig is in this rig's domain already."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from robot.core.errors import NudgeError
from robot.core.topics import arm_state
from robot.doctor.finding import Finding, ok, problem, warning
from robot.rig import RigConfig
from robot.ros.environment import domain_id_is_taken, require_rclpy, ros_environment, ros_is_sourced
from robot.ros.graph_look import publishers_of


def look_at_ros(rig: RigConfig | None, others: Mapping[str, int | None]) -> Iterator[Finding]:
    """rclpy and its middleware; then, if the rig or the shell names a domain, who else is there.

    Args:
        others: the domain ids of the other rigs of this lab, by name.
    """
    try:
        require_rclpy()
    except NudgeError as error:
        yield problem("ros", str(error))
        return
    chosen = _domain(rig)
    if chosen is None:
        yield ok("ros", "rclpy imports; each session takes a free domain id (the rig names none)")
        return
    domain_id, from_where = chosen
    try:
        environment = ros_environment(domain_id)
    except NudgeError as error:
        yield problem("ros", f"{error} (from {from_where})", "choose another domain_id in the rig file")
        return
    middleware = environment.get("RMW_IMPLEMENTATION", "its default")
    source = "sourced installation" if ros_is_sourced() else "wheels"
    yield ok("ros", f"rclpy imports ({source}, {middleware}); domain id {domain_id} from {from_where}")
    yield from look_at_domain(rig, domain_id, others)


def look_at_domain(
    rig: RigConfig | None, domain_id: int, others: Mapping[str, int | None]
) -> Iterator[Finding]:
    """Two rigs in one domain would each obey the other's commands."""
    check, fix = "ros/domain", f"end it, or give one of the rigs another domain_id than {domain_id}"
    topics = [arm_state(name).name for name in rig.arms] if rig else []
    alive = {t: nodes for t, nodes in publishers_of(topics, domain_id).items() if nodes} if topics else {}
    for topic, nodes in alive.items():
        times = f"{len(nodes)} publishers" if len(nodes) > 1 else "a publisher already"
        yield problem(check, f"{topic} has {times} in domain {domain_id}: {', '.join(nodes)}", fix)
    if not alive and domain_id_is_taken(domain_id):
        yield problem(check, f"another Nudge session of this machine has domain id {domain_id}", fix)
    same = sorted(name for name, other in others.items() if other == domain_id)
    if same:
        seen = f"the rigs {', '.join(same)} have domain id {domain_id} too"
        yield warning(check, seen, "give each rig its own domain_id, or never run them at once")
    elif not alive:
        yield ok(check, f"nobody else drives this rig's arms in domain {domain_id}")


def _domain(rig: RigConfig | None) -> tuple[int, str] | None:
    if rig is not None and rig.domain_id is not None:
        return rig.domain_id, "the rig file"
    named = os.environ.get("ROS_DOMAIN_ID", "")
    return (int(named), "ROS_DOMAIN_ID in the shell") if named.isdigit() else None
