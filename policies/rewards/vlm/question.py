"""What a model is asked, and the form its answer must have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from policies.rewards.vlm.free_text import FreeText

T = TypeVar("T", bound=BaseModel)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Question(Generic[T]):
    """A prompt about some images.

    Raises:
        ValueError: an empty prompt, or an image that is not PNG.
    """

    prompt: str
    images: tuple[bytes, ...]  # whole PNG files, in the order the prompt speaks of them
    reply: type[T]  # FreeText: whatever the model writes

    @property
    def is_free(self) -> bool:
        """Nothing is asked of the reply's form."""
        return issubclass(self.reply, FreeText)

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise ValueError("a question without a prompt; say what is asked")
        for number, image in enumerate(self.images):
            if not image.startswith(PNG_SIGNATURE):
                raise ValueError(
                    f"image {number} starts with {image[:8]!r}, want a PNG file; encode it first"
                )
