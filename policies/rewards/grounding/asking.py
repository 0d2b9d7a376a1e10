"""What is asked about one thing in one picture, and the right reply to it, in a model's own coordinates."""

from __future__ import annotations

import numpy as np

from policies.rewards.grounding.target import Target
from policies.rewards.keypoints.pixel_spellings import Finding, write_reply
from policies.rewards.keypoints.pointing import pointing_prompt
from policies.rewards.keypoints.sent_image import SentImage
from policies.rewards.keypoints.vocabulary import NOT_VISIBLE

BOX_SPELLINGS = ("plain", "gemini", "qwen")  # the others have no boxes
_BOX = """\
Draw the tightest box around this thing in the picture: "{label}" ({words}).
Answer in exactly this form, here for a thing in the left half: {example}
If it cannot be seen, answer only: {hidden}"""


def question_text(words: str, target: Target) -> str:
    """The prompt about a thing, in words, in the format of ``target``."""
    prompt = pointing_prompt({target.label: words}, target.format, target.image)
    if target.wants == "point":
        return f"{prompt.system}\n{prompt.user}"
    left = Finding("left", target.image.from_fractions(np.array([[0.1, 0.2], [0.4, 0.8]])))
    example = write_reply([left], target.format, target.image)
    units = prompt.user.rsplit("\n", 1)[1]  # what the numbers mean, said as for points
    return "\n".join(
        [
            prompt.system,
            _BOX.format(label=target.label, words=words, example=example, hidden=NOT_VISIBLE),
            units,
        ]
    )


def right_reply(target: Target) -> str:
    """What a model that sees everything would answer."""
    if not target.visible:
        return NOT_VISIBLE
    corners = target.point.reshape(1, 2) if target.wants == "point" else target.box
    return write_reply([Finding(target.label, corners)], target.format, target.image)


def reply_at(pixel: np.ndarray, target: Target) -> str:
    """The reply that points to a pixel [2], kept inside the picture."""
    size = np.asarray(SentImage.unresized(target.width, target.height).size, float)
    inside = np.clip(np.asarray(pixel, float), 0.0, size - 1.0).reshape(1, 2)
    return write_reply([Finding(target.label, inside)], target.format, target.image)
