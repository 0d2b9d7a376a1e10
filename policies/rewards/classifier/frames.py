"""Frames of many episodes side by side, drawn from in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policies.rewards.classifier.labels import POSITIVE, UNKNOWN, LabelledEpisode
from robot.core.types import Array, Arrays


@dataclass(frozen=True)
class Frames:
    """N frames that somebody judged."""

    features: Arrays  # camera -> [N, h, w, c] float16
    state: Array  # [N, S]
    positive: np.ndarray  # [N] bool
    weight: Array  # [N]

    def at(self, rows: np.ndarray) -> Frames:
        """The frames of some rows [n]."""
        maps = {camera: m[rows] for camera, m in self.features.items()}
        return Frames(maps, self.state[rows], self.positive[rows], self.weight[rows])


def frames_of(episodes: Sequence[LabelledEpisode]) -> Frames:
    """Every frame of the episodes but the UNKNOWN ones."""
    known = [e.label != UNKNOWN for e in episodes]

    def joined(parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([part[keep] for part, keep in zip(parts, known, strict=True)])

    return Frames(
        {camera: joined([e.features[camera] for e in episodes]) for camera in episodes[0].features},
        joined([e.state for e in episodes]),
        joined([e.label for e in episodes]) == POSITIVE,
        joined([e.weight for e in episodes]),
    )


class BatchDraw:
    """Batches with a fixed share of successes, failures by weight; the same ones for a seed."""

    def __init__(self, frames: Frames, batch_size: int, positive_share: float, seed: int) -> None:
        self._frames = frames
        self._good, self._bad = np.flatnonzero(frames.positive), np.flatnonzero(~frames.positive)
        weight = frames.weight[self._bad].astype(np.float64)
        self._chance = weight / weight.sum()
        self._n_good = min(max(1, round(batch_size * positive_share)), batch_size - 1)
        self._n_bad = batch_size - self._n_good
        self._rng = np.random.default_rng(seed)

    def draw(self) -> Frames:
        """One batch."""
        good = self._rng.choice(self._good, self._n_good)
        bad = self._rng.choice(self._bad, self._n_bad, p=self._chance)
        return self._frames.at(np.concatenate([good, bad]))
