"""Who learns from which episode: whole starts go to one side, so no frame has a sibling on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.labels import LabelledEpisode
from robot.core.errors import NudgeError

_LEAST = 3  # starts with a success, and with a failure: one for each part


@dataclass(frozen=True)
class Split:
    """Three parts of the episodes that share no start."""

    train: tuple[LabelledEpisode, ...]
    tune: tuple[LabelledEpisode, ...]  # early stopping, temperature, threshold
    held_out: tuple[LabelledEpisode, ...]  # measured on, once everything is fixed


def split(episodes: Sequence[LabelledEpisode], config: ClassifierConfig) -> Split:
    """Deal out the starts by ``config.seed``, those with a success and those without each by the shares.

    Raises:
        NudgeError: fewer than three starts with a success, or without one.
    """
    succeeded = {e.start for e in episodes if e.success}
    failed = {e.start for e in episodes} - succeeded
    rng = np.random.default_rng(config.seed)
    part: dict[str, int] = {}
    for kind, starts in (("succeeded", sorted(succeeded)), ("failed", sorted(failed))):
        if len(starts) < _LEAST:
            raise NudgeError(
                f"{len(starts)} starts {kind}, want at least {_LEAST} to learn and to measure; record more, "
                "for example with `nudge eval RUN --policy base`"
            )
        part |= dict(zip(rng.permutation(starts).tolist(), _parts(len(starts), config), strict=True))
    groups = [tuple(e for e in episodes if part[e.start] == i) for i in range(3)]
    return Split(*groups)


def _parts(count: int, config: ClassifierConfig) -> list[int]:
    """[count] the part (0 train, 1 tune, 2 held out) of each start, at least one in every part."""
    held_out = max(1, round(count * config.held_out_share))
    tune = max(1, min(round(count * config.tune_share), count - held_out - 1))
    held_out = min(held_out, count - tune - 1)
    return [2] * held_out + [1] * tune + [0] * (count - held_out - tune)
