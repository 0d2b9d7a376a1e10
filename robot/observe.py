"""From the newest sensor messages of one stamp to the observation that a policy sees. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot.core.se3 import Matrix, inverse, rot6d
from robot.core.types import Arrays, Image, Observation, RobotState, Truth


def arm_vectors(state: RobotState, T_base_start: Matrix) -> Arrays:
    """Proprioception of one arm: pose and twist in the frame the episode started from, wrench in the tool's.

    Relative poses let a skill be learned in one place and used in another (HIL-SERL, section III-C).
    """
    T_start_tcp = inverse(T_base_start) @ state.T_base_tcp
    R = T_base_start[:3, :3].T
    twist = np.concatenate([R @ state.twist[:3], R @ state.twist[3:]])
    vectors = {
        "position": T_start_tcp[:3, 3],
        "rotation": rot6d(T_start_tcp[:3, :3]),
        "twist": twist,
        "wrench": state.wrench,
        "gripper": np.array([state.gripper_width]),
    }
    return {f"{state.arm}/{name}": v.astype(np.float32) for name, v in vectors.items()}


def privileged_vectors(truth: Truth, views: Mapping[str, tuple[str, str]]) -> Arrays:
    """PRIVILEGED: poses in a tool's frame, position and 6-D rotation [9], by `Task.privileged_views`."""
    relative = {view: inverse(truth.poses[tool]) @ truth.poses[name] for view, (tool, name) in views.items()}
    return {
        view: np.concatenate([T[:3, 3], rot6d(T[:3, :3])]).astype(np.float32) for view, T in relative.items()
    }


def observation(
    states: Mapping[str, RobotState],
    starts: Mapping[str, Matrix],
    images: Mapping[str, Image],
    features: Arrays,
    privileged: Arrays,
) -> Observation:
    """All of one control step; ages are measured against the newest stamp.

    Each arm's ``start``, position and 6-D rotation [9] in base, is recorded for whoever scores the episode
    later; no policy sees it.
    """
    stamps = {**{a: s.stamp_ns for a, s in states.items()}, **{c: i.stamp_ns for c, i in images.items()}}
    newest = max(stamps.values())
    vectors: Arrays = {}
    for arm, state in states.items():
        T = starts[arm]
        vectors |= arm_vectors(state, T)
        vectors[f"{arm}/start"] = np.concatenate([T[:3, 3], rot6d(T[:3, :3])]).astype(np.float32)
    pixels = {name: image.pixels for name, image in images.items()}
    ages = {name: (newest - stamp) * 1e-9 for name, stamp in stamps.items()}
    return Observation(newest, {**vectors, **privileged}, pixels, features, ages)
