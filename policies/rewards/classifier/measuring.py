"""How good a classifier is on episodes it has not seen: threshold curves and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policies.rewards.classifier.calibration import expected_calibration_error, probability
from policies.rewards.classifier.curve import (
    THRESHOLDS,
    Counts,
    ScoredEpisode,
    episode_counts,
    frame_counts,
)
from policies.rewards.classifier.head import head_size, logits
from policies.rewards.classifier.labels import POSITIVE, UNKNOWN, LabelledEpisode
from policies.rewards.classifier.stored import StoredClassifier


@dataclass(frozen=True)
class Measured:
    """Counts at the stored threshold, over all thresholds, and the calibration error before and after."""

    held_steps: int
    episodes_n: int
    frames: Counts
    episodes: Counts  # under the gate
    frame_curve: tuple[Counts, ...]
    episode_curve: tuple[Counts, ...]
    ece_raw: float  # of the network's own output
    ece: float  # with the temperature


def measure(stored: StoredClassifier, episodes: Sequence[LabelledEpisode]) -> Measured:
    """The classifier on ``episodes``, which it should not have been trained on."""
    scored, held = score(stored, episodes), stored.config.held_steps
    label = np.concatenate([e.label for e in episodes])
    known, raw = label != UNKNOWN, probability(raw_logits(stored, episodes))
    calibrated = np.concatenate([s.probability for s in scored])
    return Measured(
        held_steps=held,
        episodes_n=len(scored),
        frames=frame_counts(scored, stored.threshold),
        episodes=episode_counts(scored, stored.threshold, held),
        frame_curve=tuple(frame_counts(scored, t) for t in THRESHOLDS),
        episode_curve=tuple(episode_counts(scored, t, held) for t in THRESHOLDS),
        ece_raw=expected_calibration_error(raw[known], label[known] == POSITIVE),
        ece=expected_calibration_error(calibrated[known], label[known] == POSITIVE),
    )


def score(stored: StoredClassifier, episodes: Sequence[LabelledEpisode]) -> list[ScoredEpisode]:
    """Calibrated probability and box of every frame, as `SuccessClassifier.step` has them."""
    flat = probability(raw_logits(stored, episodes), stored.temperature)
    parts = np.split(flat, np.cumsum([len(e.label) for e in episodes])[:-1])
    return [
        ScoredEpisode(e.success, p, e.label, stored.box.contains(e.state))
        for e, p in zip(episodes, parts, strict=True)
    ]


def raw_logits(stored: StoredClassifier, episodes: Sequence[LabelledEpisode]) -> np.ndarray:
    """[N] of all frames one after the other, the network's own."""
    maps = {c: np.concatenate([e.features[c] for e in episodes]) for c in stored.inputs.features}
    state = np.concatenate([e.state for e in episodes])
    return logits(stored.model, head_size(stored.config), maps, state)
