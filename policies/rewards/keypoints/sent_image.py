"""A camera's image and its copy as the model sees it, after every resize on the way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

Pixels = np.ndarray  # [N, 2] float64: x right, y down, (0, 0) the centre of the top left pixel


@dataclass(frozen=True)
class SentImage:
    """Sizes in pixels of the frame as the camera gave it, and as the model's own preprocessing leaves it.

    Qwen2.5-VL counts pixels of the image after its processor has rounded the sides to patches of 28, so
    ``sent_width`` is what the *model* sees, not what was posted.
    """

    width: int
    height: int
    sent_width: int
    sent_height: int

    def __post_init__(self) -> None:
        if min(self.size + self.sent_size) < 1:
            raise ValueError(
                f"an image of {self.size} sent as {self.sent_size} px; want at least 1 px a side"
            )

    @classmethod
    def unresized(cls, width: int, height: int) -> SentImage:
        """The model sees the very pixels of the camera."""
        return cls(width, height, width, height)

    @classmethod
    def patched(
        cls, width: int, height: int, patch: int = 28, min_area: int = 3136, max_area: int = 12_845_056
    ) -> SentImage:
        """As Qwen2.5-VL's processor resizes: sides to whole patches, the area in px between two bounds.

        The defaults are the processor's; a server may have others (``mm-processor-kwargs`` of vLLM).
        """
        sides = np.array([width, height], float)
        patches = np.maximum(1, np.round(sides / patch))
        if patches.prod() * patch**2 > max_area:
            patches = np.maximum(1, np.floor(sides / np.sqrt(sides.prod() / max_area) / patch))
        elif patches.prod() * patch**2 < min_area:
            patches = np.ceil(sides * np.sqrt(min_area / sides.prod()) / patch)
        sent_width, sent_height = (int(n) * patch for n in patches)
        return cls(width, height, sent_width, sent_height)

    @property
    def size(self) -> tuple[int, int]:
        """Width, height of the camera's frame, px."""
        return self.width, self.height

    @property
    def sent_size(self) -> tuple[int, int]:
        """Width, height of what the model sees, px."""
        return self.sent_width, self.sent_height

    def to_fractions(self, pixels: Pixels) -> np.ndarray:
        """Camera pixels [N, 2] as fractions [N, 2]: 0 the left or top edge of the image, 1 the other edge."""
        return (np.asarray(pixels, float).reshape(-1, 2) + 0.5) / self.size

    def from_fractions(self, fractions: np.ndarray) -> Pixels:
        """The inverse of `to_fractions`."""
        return np.asarray(fractions, float).reshape(-1, 2) * self.size - 0.5


def resized(pixels: Pixels, size: tuple[int, int], new_size: tuple[int, int]) -> Pixels:
    """Pixels [N, 2] in a copy resized from ``size`` (width, height) to ``new_size``; edges map to edges."""
    scale = np.asarray(new_size, float) / np.asarray(size, float)
    return (np.asarray(pixels, float).reshape(-1, 2) + 0.5) * scale - 0.5


def image_sha(frame: np.ndarray) -> str:
    """16 hex digits of a frame's pixels and shape."""
    digest = hashlib.sha256(repr((frame.shape, frame.dtype.str)).encode())
    digest.update(np.ascontiguousarray(frame).tobytes())
    return digest.hexdigest()[:16]
