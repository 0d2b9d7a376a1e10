"""The frozen trunk: shape, dtype, determinism."""

import numpy as np
import pytest

from policies.encoders import ENCODERS
from policies.encoders.efficientnet import EfficientNetLite0
from robot.core.errors import SpecMismatch


@pytest.fixture(scope="module")
def encoder() -> EfficientNetLite0:
    return ENCODERS.load("efficientnet_lite0")()


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), np.uint8)


def test_feature_maps_are_half_precision_channel_last(encoder: EfficientNetLite0, frames: np.ndarray) -> None:
    maps = encoder.encode({"wrist": frames[0], "side": frames[1]})
    assert list(maps) == ["wrist", "side"]
    for features in maps.values():
        assert features.shape == encoder.shape == (8, 8, 112)
        assert features.dtype == np.float16
        assert features.flags.c_contiguous
        assert np.isfinite(features).all()


def test_features_differ_between_frames_and_are_the_same_again(
    encoder: EfficientNetLite0, frames: np.ndarray
) -> None:
    maps = encoder.encode({"a": frames[0], "b": frames[1]})
    assert np.array_equal(maps["a"], encoder.encode({"a": frames[0], "b": frames[1]})["a"])
    assert np.abs(maps["a"] - maps["b"]).max() > 0.1


def test_another_encoder_instance_is_the_same(encoder: EfficientNetLite0, frames: np.ndarray) -> None:
    other = EfficientNetLite0()
    assert other.fingerprint == encoder.fingerprint != EfficientNetLite0((64, 64)).fingerprint
    assert np.array_equal(other.encode({"a": frames[0]})["a"], encoder.encode({"a": frames[0]})["a"])


def test_a_frame_of_the_wrong_size_names_its_camera(encoder: EfficientNetLite0, frames: np.ndarray) -> None:
    with pytest.raises(SpecMismatch, match=r"'wrist'.*128"):
        encoder.encode({"wrist": frames[0, :64]})
    assert encoder.encode({}) == {}
