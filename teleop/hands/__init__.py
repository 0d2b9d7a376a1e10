"""Kinds of simulated hands by name: `Task.hand` chooses. To add one, write a file here and a line below."""

from robot.core.registry import Registry

HANDS = Registry(
    "hand",
    {
        "waypoints": "teleop.hands.waypoints:WaypointHand",
        "swing": "teleop.hands.swing:SwingHand",
    },
)
