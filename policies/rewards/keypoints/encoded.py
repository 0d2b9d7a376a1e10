"""Frames uint8 RGB [H, W, 3] as the bytes of a picture file, and back."""

from __future__ import annotations

import cv2
import numpy as np

_QUALITY = 88  # of a JPEG for people's eyes


def png(frame: np.ndarray) -> bytes:
    """Without loss: small labels survive."""
    return _encoded(".png", frame)


def jpeg(frame: np.ndarray) -> bytes:
    """A tenth of the bytes."""
    return _encoded(".jpg", frame, cv2.IMWRITE_JPEG_QUALITY, _QUALITY)


def decoded(data: bytes) -> np.ndarray:
    """ValueError for bytes that are no picture."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if pixels is None:
        raise ValueError("not a picture")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def _encoded(kind: str, frame: np.ndarray, *settings: int) -> bytes:
    done, data = cv2.imencode(kind, cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), settings)
    assert done
    return data.tobytes()
