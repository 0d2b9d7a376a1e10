"""Who publishes what in one ROS domain.

Looked at from a process of its own, because ROS_DOMAIN_ID and the middleware are chosen when rclpy starts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence

from robot.core.errors import NudgeError
from robot.ros.environment import require_rclpy, ros_environment

_LOOK_S = 1.5  # discovery on one host takes 0.1 to 0.5 s
_TIMEOUT_S = 30.0


def publishers_of(topics: Sequence[str], domain_id: int) -> dict[str, list[str]]:
    """The nodes that publish each topic in that domain of this machine; raises NudgeError without rclpy."""
    require_rclpy()
    argv = [sys.executable, "-m", "robot.ros.graph_look", *topics]
    done = subprocess.run(
        argv, env=ros_environment(domain_id), capture_output=True, text=True, timeout=_TIMEOUT_S
    )
    if done.returncode != 0:
        raise NudgeError(f"ROS domain {domain_id} cannot be looked at: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


def main() -> int:
    """Print the topics' publishers as JSON."""
    import rclpy

    rclpy.init()
    node = rclpy.create_node("nudge_doctor", enable_rosout=False, start_parameter_services=False)
    time.sleep(_LOOK_S)
    found = {
        topic: sorted(f"{p.node_namespace.rstrip('/')}/{p.node_name}" for p in infos)
        for topic in sys.argv[1:]
        if (infos := node.get_publishers_info_by_topic(topic)) is not None
    }
    sys.stdout.write(json.dumps(found))
    node.destroy_node()
    rclpy.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
