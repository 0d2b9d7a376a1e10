"""Frames uint8 RGB [H, W, 3] as PNG bytes and back."""

from __future__ import annotations

import cv2
import numpy as np


def encode(frame: np.ndarray) -> bytes:
    """Without loss: small labels survive."""
    done, data = cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    assert done
    return data.tobytes()


def decode(data: bytes) -> np.ndarray:
    """ValueError for bytes that are no picture."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if pixels is None:
        raise ValueError("not a picture")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
