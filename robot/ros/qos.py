"""Class of service -> ROS 2 quality of service. All reliable: in lockstep a lost message is a stop."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from robot.core.topics import Service

_DEPTH = {Service.SENSOR: 2, Service.COMMAND: 10, Service.LATCHED: 1}


def qos(service: Service) -> QoSProfile:
    """The profile both ends of a topic use.

    SENSOR is reliable too: a raw image is larger than Fast DDS's shared-memory segment, and best effort
    then loses nearly all of them. STREAM keeps all: a reader that falls behind blocks the writer, and at
    the end makes its publish fail, where a finite depth would drop steps without a word.
    """
    latched = service is Service.LATCHED
    return QoSProfile(
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        history=HistoryPolicy.KEEP_ALL if service is Service.STREAM else HistoryPolicy.KEEP_LAST,
        depth=_DEPTH.get(service, 0),
    )
