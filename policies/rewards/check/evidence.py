"""What one recorded episode, and the bad versions of it, say about a dense reward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import spearmanr

from policies.replay.episode import Episode
from policies.replay.look_ahead import DenseRule
from policies.rewards.check.true_progress import true_progress
from policies.rewards.check.versions import (
    FEWEST,
    Order,
    loitering_order,
    middle,
    reversed_order,
    stalled_order,
)
from policies.rewards.dense_pay import dense_pay, discounted
from robot.core.types import Array

Score = Callable[[Order], Array]  # labels of an episode's observations as if they had come in that order


@dataclass(frozen=True)
class Pay:
    """How labels become rewards."""

    kind: DenseRule
    discount: float  # of one control step
    time_limit_steps: int  # how long an episode that does not end may go on


@dataclass(frozen=True)
class Evidence:
    """Numbers of one episode, from the observation on at which its plan was there."""

    success: bool
    best: float  # label before the end
    returns: dict[str, float]  # "true" and each version: the whole discounted return, sparse and dense
    dense_returns: dict[str, float]  # the dense part of them
    loop_return: float  # the most that any one loop of the loitering version pays, dense, from its first step
    with_time: float  # Spearman's rank correlation of label and time, the end left out
    with_progress: float | None  # and of label and true progress, where it is known
    late: float  # the same of the last third: with true progress, or where that is not known, with time


def gather(episode: Episode, first: int, score: Score, pay: Pay, arm: str) -> Evidence | None:
    """Of one episode that was scored from observation ``first`` on; None where that leaves too few.

    Versions that never end last until the time limit, or twice as long as the episode, whichever is more.
    """
    last = len(episode)
    if last + 1 - first < FEWEST:
        return None
    labels = score(np.arange(first, last + 1))
    sparse = np.asarray(episode.reward[first:], np.float64)
    dense = dense_pay(labels, sparse, bool(episode.terminated[-1]), pay.kind, pay.discount)
    versions, loop = _versions(first, last, score, pay) if episode.success else ({}, 0.0)
    returns = {"true": discounted(sparse + dense, pay.discount), **versions}
    dense_returns = {"true": discounted(dense, pay.discount), **versions}
    ranks = _ranks(labels[:-1], first, true_progress(episode, arm))
    return Evidence(episode.success, float(labels[:-1].max()), returns, dense_returns, loop, *ranks)


def _ranks(
    labels: Array, first: int, progress: NDArray[np.float64] | None
) -> tuple[float, float | None, float]:
    """With time, with progress and late, of the labels [N] of observations ``first`` .. before the end."""
    time, third = np.arange(len(labels)), (len(labels) + 1) // 3
    known = None if progress is None else progress[first:-1]
    reached = time if known is None else known
    late = rank_correlation(labels[-third:], reached[-third:])
    return rank_correlation(labels, time), None if known is None else rank_correlation(labels, known), late


def _versions(first: int, last: int, score: Score, pay: Pay) -> tuple[dict[str, float], float]:
    steps = max(pay.time_limit_steps, 2 * (last - first))
    orders = {
        "reversed": reversed_order(first, last),
        "stalled": stalled_order(first, last, steps),
        "loitering": loitering_order(first, last, steps),
    }
    paid = {name: _endless(score(order), pay) for name, order in orders.items()}
    low, high = middle(first, last)
    # Loops begin once the middle has been passed: what the way there gained for the first time is its own.
    loop = best_loop(paid["loitering"][high - first :], 2 * (high - low), pay.discount)
    return {name: discounted(steps, pay.discount) for name, steps in paid.items()}, loop


def _endless(labels: Array, pay: Pay) -> NDArray[np.float64]:
    """Of a version: it earns nothing sparse, and a time limit cuts it off."""
    return dense_pay(labels, np.zeros(len(labels) - 1), False, pay.kind, pay.discount)


def best_loop(paid: ArrayLike, length: int, discount: float) -> float:
    """The most that ``length`` steps in a row of those [N] pay, discounted from the first of them."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(paid, np.float64), length)
    return float((windows @ discount ** np.arange(length)).max())


def rank_correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's, in [-1, 1]; 0 where one of them never changes, since such a label tells nothing."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return 0.0 if np.ptp(x) == 0 or np.ptp(y) == 0 else float(spearmanr(x, y)[0])
