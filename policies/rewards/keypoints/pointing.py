"""Asking a model to point at named things in one picture, in the coordinates it was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from policies.rewards.keypoints.pixel_formats import PixelFormat, PixelFormatError
from policies.rewards.keypoints.pixel_spellings import Finding, read_reply, write_reply
from policies.rewards.keypoints.prompt import Prompt
from policies.rewards.keypoints.sent_image import SentImage
from policies.rewards.keypoints.vocabulary import NOT_VISIBLE

_SYSTEM = "You point at things in a picture. You answer with their coordinates and nothing else."
_USER = """\
Point at each of these, once, in this order: {wanted}.
Answer in exactly this form, here for two things in the middle of the left and the right half: {example}
If one of them cannot be seen, answer only: {not_visible}"""
_EXAMPLES = (("left", (0.25, 0.5)), ("right", (0.75, 0.5)))
_MEANING: Mapping[str, str] = {
    "pixels": "Coordinates are pixels of the picture.",
    "fraction": "Coordinates run from 0 to 1 over the picture.",
    "percent": "Coordinates run from 0 to 100 over the picture.",
    "thousand": "Coordinates run from 0 to 1000 over the picture.",
}


def pointing_prompt(wanted: Mapping[str, str], fmt: PixelFormat, image: SentImage) -> Prompt:
    """Ask for the things ``wanted`` (keypoint -> what it is, in words) in this format."""
    things = [Finding(side, image.from_fractions(np.array([at]))) for side, at in _EXAMPLES]
    listed = ", ".join(f'"{name}" ({what})' for name, what in wanted.items())
    user = _USER.format(wanted=listed, example=write_reply(things, fmt, image), not_visible=NOT_VISIBLE)
    order = "x comes first." if fmt.order == "xy" else "y comes first."
    return Prompt(_SYSTEM, f"{user}\n{_MEANING[fmt.unit]} {order}")


def read_pointed(
    text: str, wanted: Sequence[str], fmt: PixelFormat, image: SentImage
) -> dict[str, np.ndarray] | None:
    """Pixel [2] of the camera's frame for each wanted keypoint; None where the model says "not visible".

    Points go by their labels where all of them are the wanted ones, else by order, which is what spellings
    without labels have. Raises PixelFormatError for another number of points, and as `read_reply` does.
    """
    if text.strip().strip('"`.').lower() == NOT_VISIBLE:
        return None
    found = read_reply(text, fmt, image)
    if len(found) != len(wanted):
        raise PixelFormatError(
            f"{len(found)} points for {len(wanted)} wanted ({', '.join(wanted)}); ask again"
        )
    by_label = {f.label: f.centre for f in found}
    if set(by_label) == set(wanted):
        return {name: by_label[name] for name in wanted}
    return {name: f.centre for name, f in zip(wanted, found, strict=True)}
