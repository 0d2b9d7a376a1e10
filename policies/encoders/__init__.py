"""Frozen image trunks: a frame is encoded once, when it is captured, and never again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robot.core.registry import Registry

FeatureMap = NDArray[np.float16]


class Encoder(Protocol):
    """A frozen trunk: deterministic, never trained."""

    shape: tuple[int, int, int]  # (h, w, c) of one feature map
    fingerprint: str  # differs when the weights, the cut or the preprocessing differ

    def encode(self, images: Mapping[str, NDArray[np.uint8]]) -> dict[str, FeatureMap]:
        """Feature map [h, w, c] of each camera's RGB frame [H, W, 3]."""
        ...


ENCODERS = Registry("encoder", {"efficientnet_lite0": "policies.encoders.efficientnet:EfficientNetLite0"})
