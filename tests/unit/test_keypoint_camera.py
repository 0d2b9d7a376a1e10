"""The camera of the keypoints: against OpenCV, and there and back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.keypoints.camera_model import CameraModelError, PinholeCamera, calibration_id
from policies.rewards.keypoints.sent_image import resized
from robot.core import se3
from robot.core.types import CameraInfo

K = np.array([[600.0, 0.0, 319.5], [0.0, 610.0, 239.5], [0.0, 0.0, 1.0]])
LENS = np.array([-0.25, 0.08, 0.001, -0.0005, -0.01])
T_BASE_CAM = se3.transform(se3.exp_so3([2.2, 0.3, -0.1]), [0.5, 0.1, 0.8])


def camera(distortion: np.ndarray = LENS) -> PinholeCamera:
    return PinholeCamera(K, distortion, 640, 480, T_BASE_CAM)


def points(pixels: np.ndarray, depth_m: float, cam: PinholeCamera) -> np.ndarray:
    origin, directions = cam.rays(pixels)
    return origin + directions * depth_m


def test_projects_as_opencv_does() -> None:
    here = points(np.random.default_rng(0).uniform((0, 0), (640, 480), (50, 2)), 0.7, camera())
    T_cam_base = se3.inverse(T_BASE_CAM)
    rvec, tvec = cv2.Rodrigues(T_cam_base[:3, :3])[0], T_cam_base[:3, 3]
    wanted, _ = cv2.projectPoints(here, rvec, tvec, K, LENS)
    np.testing.assert_allclose(camera().project(here), wanted[:, 0], atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 639), st.floats(0, 479), st.floats(0.1, 3.0))
def test_a_ray_comes_back_to_its_pixel(x: float, y: float, depth_m: float) -> None:
    np.testing.assert_allclose(
        camera().project(points(np.array([[x, y]]), depth_m, camera())), [[x, y]], atol=0.02
    )


def test_the_middle_pixel_looks_along_the_optical_axis() -> None:
    _, direction = camera(np.zeros(5)).rays(np.array([[319.5, 239.5]]))
    np.testing.assert_allclose(direction[0], T_BASE_CAM[:3, 2], atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(16, 2000), st.integers(16, 2000))
def test_a_resized_camera_sees_points_where_the_resized_image_has_them(width: int, height: int) -> None:
    here = points(np.array([[100.0, 50.0], [600.0, 400.0]]), 0.5, camera())
    wanted = resized(camera().project(here), (640, 480), (width, height))
    np.testing.assert_allclose(camera().scaled(width, height).project(here), wanted, atol=1e-6)


def test_what_lies_behind_is_not_seen() -> None:
    behind = T_BASE_CAM[:3, 3] - T_BASE_CAM[:3, 2]
    assert np.isnan(camera().project(behind)).all()
    assert not camera().sees(behind).any()
    assert camera().sees(T_BASE_CAM[:3, 3] + T_BASE_CAM[:3, 2]).all()


def test_points_beyond_the_lens_model_do_not_fold_back_into_the_picture() -> None:
    far = points(np.array([[319.5, 239.5]]), 1.0, camera()) + 3.0 * T_BASE_CAM[:3, 0]
    T_cam_base = se3.inverse(T_BASE_CAM)
    local = far @ T_cam_base[:3, :3].T + T_cam_base[:3, 3]
    folded, _ = cv2.projectPoints(local, np.zeros(3), np.zeros(3), K, LENS)
    assert np.abs(folded).max() < 1e6
    assert np.isnan(camera().project(far)).all()


def test_no_ray_where_the_lens_model_folds_over() -> None:
    with pytest.raises(CameraModelError, match="recalibrate"):
        camera().rays(np.array([[5000.0, 240.0]]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"K": np.zeros((3, 3))}, "calibrate"),
        ({"K": np.eye(2)}, r"want finite numbers of shape \(3, 3\)"),
        ({"T_base_cam": np.diag([1.0, 1.0, -1.0, 1.0])}, "rigid"),
        ({"distortion": np.full(5, np.nan)}, "finite"),
    ],
)
def test_what_is_no_camera_is_refused(change: dict, message: str) -> None:
    parts = {"K": K, "distortion": LENS, "width": 640, "height": 480, "T_base_cam": T_BASE_CAM}
    with pytest.raises(CameraModelError, match=message):
        PinholeCamera(**(parts | change))


def test_calibration_ids_change_with_any_number() -> None:
    one, moved = camera(), camera(LENS * 1.0001)
    assert calibration_id({"a": one, "b": moved}) == calibration_id(
        {"b": camera(LENS * 1.0001), "a": camera()}
    )
    assert calibration_id({"a": one}) != calibration_id({"a": moved})
    info = CameraInfo(0, "front", 640, 480, K, LENS)
    assert PinholeCamera.from_info(info, T_BASE_CAM).fingerprint == one.fingerprint
