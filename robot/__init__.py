"""Nudge's robot side: core types, drivers, nodes and the ROS 2 host. Imports no learning framework."""

__version__ = "0.1.0"
