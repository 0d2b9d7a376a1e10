"""New labels of an episode against those that the session gave it live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from policies.replay.episode import Episode
from policies.replay.look_ahead import DenseRule
from policies.rewards.dense_pay import dense_pay, discounted
from policies.rewards.label_columns import Labels

SAME = 1e-6  # labels this near are equal: poses were recorded as float32


@dataclass(frozen=True)
class LabelDifference:
    """One episode's."""

    episode: int
    labelled: int  # observations that a plan says something of now
    mean: float  # change of a label, either way
    most: float
    live_return: float  # discounted, the dense part alone
    new_return: float

    @property
    def changed(self) -> bool:
        """Whether any label is another one."""
        return self.most > SAME


def difference(
    episode: Episode, labels: Labels, live: DenseRule, new: DenseRule, discount: float
) -> LabelDifference:
    """Of an episode whose session paid its labels as ``live``."""
    change = np.abs(labels.dense - episode.dense)
    ended = bool(episode.terminated[-1])
    before = dense_pay(episode.dense, episode.reward, ended, live, discount)
    after = dense_pay(labels.dense, episode.reward, ended, new, discount)
    return LabelDifference(
        episode.header.episode_id,
        int(np.count_nonzero(labels.plan)),
        float(change.mean()),
        float(change.max()),
        discounted(before, discount),
        discounted(after, discount),
    )


def summary(found: Sequence[LabelDifference]) -> dict[str, Any]:
    """Over all episodes of a run."""
    return {
        "episodes": len(found),
        "labelled": sum(d.labelled > 0 for d in found),
        "changed": sum(d.changed for d in found),
        "mean_change": float(np.mean([d.mean for d in found])),
        "max_change": max(d.most for d in found),
        "mean_live_return": float(np.mean([d.live_return for d in found])),
        "mean_new_return": float(np.mean([d.new_return for d in found])),
    }
