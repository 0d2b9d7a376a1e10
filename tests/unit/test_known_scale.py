"""A plain object that a gripper covers looks like a smaller one, unless its distance tells its size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.object_tracker import ObjectTracker
from policies.rewards.tracking.planar_motion import fit_motion, move

CUBE = np.array([[40, 54], [58, 46], [76, 52], [76, 78], [60, 86], [40, 80]])  # seen from above at an angle
MIDDLE = np.array([[58.0, 66.0]])


def painted(hand_px: int) -> NDArray[np.uint8]:
    """The cube, and so many rows and half as many columns of it under a hand."""
    image = np.full((128, 128, 3), (140, 128, 112), np.uint8)
    cv2.fillPoly(image, [CUBE.astype(np.int32)], (200, 40, 40))
    image[20 : 46 + hand_px, 20:100] = (190, 190, 195)
    image[20:90, 77 - hand_px // 2 : 100] = (190, 190, 195)
    return image


def off_px(scale: float) -> float:
    """Of the cube's middle, once the hand has come down over it."""
    mask = (painted(0)[..., 0] == 200) & (painted(0)[..., 1] == 40)
    tracker = ObjectTracker(painted(0), mask, MIDDLE)
    seen = [tracker.track(painted(hand), scale) for hand in (4, 8, 12, 16, 16)]
    return float(np.linalg.norm(seen[-1].points_px[0] - MIDDLE))


def test_a_cube_under_a_hand_stays_where_it_is_when_its_size_is_known() -> None:
    """Unknown, it shrinks to what is left of it, and the middle is 5 px off."""
    assert off_px(1.0) < 1.0


def test_a_motion_of_known_scale_turns_and_shifts_only() -> None:
    turn, shift = np.deg2rad(20), [5.0, -3.0]
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    there = CUBE @ rotation.T * 0.97 + shift
    motion = fit_motion(CUBE.astype(float), there, 2.0, "similarity", scale=1.0)
    assert motion is not None
    np.testing.assert_allclose(np.linalg.det(motion.T[:2, :2]), 1.0)
    assert np.linalg.norm(move(motion.T, CUBE) - there, axis=1).max() < 2.0
