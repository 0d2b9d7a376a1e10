"""Which frames of an episode are a success, which are not, and which nobody can say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policies.replay.episode import Episode
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.inputs import Inputs
from robot.core.types import Array, Arrays, Outcome, Source

POSITIVE, NEGATIVE, UNKNOWN = 1, 0, -1


@dataclass(frozen=True)
class LabelledEpisode:
    """The T + 1 observations of one episode, judged."""

    start: str  # which start it began from: episodes from one start stay on one side of a split
    success: bool
    features: Arrays  # camera -> [T + 1, h, w, c] float16
    state: Array  # [T + 1, S]
    label: np.ndarray  # [T + 1] int8: POSITIVE, NEGATIVE or UNKNOWN
    weight: Array  # [T + 1] how often a frame is drawn, 1 for an ordinary one


def labelled(episode: Episode, inputs: Inputs, config: ClassifierConfig) -> LabelledEpisode | None:
    """The episode as teaching material; None if it was cut off, because then nobody judged its end.

    Recording stops at the first success, so a success has exactly one positive frame, its last. The
    ``margin_steps`` before it are UNKNOWN. Everything else is NEGATIVE.

    Raises:
        SpecMismatch: it was recorded with other cameras or state.
    """
    if episode.outcome is Outcome.ABORTED:
        return None
    label = np.full(len(episode) + 1, NEGATIVE, np.int8)
    if episode.success:
        label[max(len(episode) - config.margin_steps, 0) :] = UNKNOWN
        label[-1] = POSITIVE
    weight = np.where(_hard(episode, config), config.hard_weight, 1.0).astype(np.float32)
    h = episode.header
    maps, state = inputs.maps(episode.features), inputs.flat_state(episode.state)
    return LabelledEpisode(f"{h.config_hash}/{h.seed}", episode.success, maps, state, label, weight)


def _hard(episode: Episode, config: ClassifierConfig) -> np.ndarray:
    """[T + 1] bool: in or just before a person's correction, or near the end of the episode."""
    hard = np.zeros(len(episode) + 1, bool)
    margin = config.margin_steps if episode.success else 0
    hard[max(len(hard) - margin - config.last_steps, 0) :] = True
    if episode.header.mode == "demo":  # all of it is driven by a person, none of it is a correction
        return hard
    for t in np.flatnonzero(episode.source == Source.HUMAN):
        hard[max(t - config.before_steps, 0) : t + 1] = True
    return hard
