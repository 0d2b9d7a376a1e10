"""Crop, resize, and the pinhole model that goes with them."""

from __future__ import annotations

import numpy as np
import pytest

from robot.cameras.picture import crop_of, picture, picture_info
from robot.core.errors import ConfigError
from robot.core.types import CameraInfo
from robot.rig import CropRig

K = np.array([[500.0, 0.0, 310.0], [0.0, 510.0, 250.0], [0.0, 0.0, 1.0]])


def info(matrix: np.ndarray) -> CameraInfo:
    return CameraInfo(7, "wrist", 640, 480, matrix, np.arange(5.0))


def test_no_crop_is_the_largest_centred_square() -> None:
    assert crop_of(None, 640, 480) == CropRig(80, 0, 480, 480)
    assert crop_of(None, 480, 640) == CropRig(0, 80, 480, 480)


@pytest.mark.parametrize("crop", [CropRig(600, 0, 41, 40), CropRig(-1, 0, 9, 9), CropRig(0, 0, 0, 9)])
def test_a_crop_outside_the_frame_is_refused_with_both_sizes(crop: CropRig) -> None:
    with pytest.raises(ConfigError, match=rf"x {crop.x}, .* want a part of the sensor's 640 x 480 px"):
        crop_of(crop, 640, 480)


def test_a_pixel_is_the_mean_of_its_area_and_nothing_outside_the_crop_enters() -> None:
    pixels = np.full((20, 30, 3), 255, np.uint8)
    pixels[4:10, 6:18] = np.arange(6 * 12 * 3, dtype=np.uint8).reshape(6, 12, 3)
    small = picture(pixels, CropRig(6, 4, 12, 6), 3)
    means = pixels[4:10, 6:18].reshape(3, 2, 3, 4, 3).mean(axis=(1, 3))
    assert (small.shape, small.dtype) == ((3, 3, 3), np.uint8)
    assert np.abs(small - means).max() <= 0.5


def test_areas_that_split_pixels_agree_with_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    mine = picture(pixels, CropRig(10, 0, 50, 50), 16)
    reference = cv2.resize(pixels[:, 10:60], (16, 16), interpolation=cv2.INTER_AREA)
    assert np.abs(mine.astype(int) - reference).max() <= 1


def test_the_right_size_passes_bit_identical_and_owns_its_pixels() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (8, 12, 3), np.uint8)
    same = picture(pixels, CropRig(2, 0, 8, 8), 8)
    assert np.array_equal(same, pixels[:, 2:10])


def test_a_point_projects_to_the_same_content_before_and_after() -> None:
    crop, size = CropRig(100, 60, 320, 240), 80
    small = picture_info(info(K), crop, size)
    point = np.array([0.05, -0.03, 0.4])
    u, v, _ = K @ point / point[2]
    u2, v2, _ = small.K @ point / point[2]
    # Edges of the crop, half a pixel outside its outer centres, go to edges of the picture.
    assert u2 + 0.5 == pytest.approx((u + 0.5 - crop.x) * size / crop.width)
    assert v2 + 0.5 == pytest.approx((v + 0.5 - crop.y) * size / crop.height)
    assert (small.width, small.height, small.stamp_ns, small.camera) == (size, size, 7, "wrist")
    assert np.array_equal(small.distortion, np.arange(5.0))
    assert K[0, 2] == 310.0  # not changed in place


def test_not_calibrated_stays_not_calibrated() -> None:
    assert not picture_info(info(np.zeros((3, 3))), CropRig(80, 0, 480, 480), 128).K.any()
