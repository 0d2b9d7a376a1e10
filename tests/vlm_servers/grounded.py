"""Models that know the truth about exported pictures, and tell it, blur it, or point at something else."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from policies.rewards.grounding.asking import reply_at, right_reply
from policies.rewards.grounding.row import GroundingRow
from policies.rewards.keypoints.vocabulary import NOT_VISIBLE
from tests.vlm_servers.chat import Answer, BadRequest, ChatRequest

Pointing = Callable[[GroundingRow, Sequence[GroundingRow]], str]  # what is asked, all of that picture


def oracle(rows: Sequence[GroundingRow], coord_format: str) -> Answer:
    """Always right, to the last digit of the format."""
    return _answering(rows, coord_format, lambda row, _: right_reply(row.target))


def noisy(rows: Sequence[GroundingRow], coord_format: str, sigma_px: float, seed: int = 0) -> Answer:
    """Right but for normal noise on each axis."""
    rng = np.random.default_rng(seed)

    def point(row: GroundingRow, _: Sequence[GroundingRow]) -> str:
        if not row.visible:
            return NOT_VISIBLE
        return reply_at(row.target.point + rng.normal(size=2) * sigma_px, row.target)

    return _answering(rows, coord_format, point)


def decoy(rows: Sequence[GroundingRow], coord_format: str) -> Answer:
    """Points at another thing of the picture; with none, at the corner that is furthest away."""

    def point(row: GroundingRow, others: Sequence[GroundingRow]) -> str:
        if not row.visible:
            return NOT_VISIBLE
        target = row.target
        corners = np.array([[x, y] for x in (2, target.width - 3) for y in (2, target.height - 3)], float)
        far = corners[np.argmax(np.linalg.norm(corners - target.point, axis=1))]
        known = [r.target.point for r in others if r.visible and r.wants == "point"]
        wrong = [p for p in known if not target.mask.contains(p)[0]]
        return reply_at(wrong[0] if wrong else far, target)

    return _answering(rows, coord_format, point)


def _answering(rows: Sequence[GroundingRow], coord_format: str, pointing: Pointing) -> Answer:
    by_image: dict[str, list[GroundingRow]] = defaultdict(list)
    for row in rows:
        by_image[row.image_sha256].append(row.asked_in(coord_format))

    def answer(request: ChatRequest) -> str:
        here = by_image.get(hashlib.sha256(request.images[0]).hexdigest(), [])
        asked = [row for row in here if row.prompt[-1]["content"] == request.prompt]
        if len(asked) != 1:
            raise BadRequest(f"{len(asked)} rows fit this picture and prompt, want 1")
        return pointing(asked[0], here)

    return answer
