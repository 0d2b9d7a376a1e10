"""Probabilities that mean what they say: one temperature, and how far off they are."""

from __future__ import annotations

import math

import numpy as np

_BINS = 15
_TEMPERATURES = np.geomspace(0.1, 10.0, 401)


def probability(logit: np.ndarray, offset: float = 0.0, temperature: float = 1.0) -> np.ndarray:
    """[n] in [0, 1] of logits [n]: (logit + offset) / temperature through the logistic function."""
    scaled = (np.asarray(logit, np.float64) + offset) / temperature
    return np.exp(-np.logaddexp(0.0, -scaled))  # never overflows, and keeps a NaN


def prior_offset(positive_share: float, positives: int, negatives: int) -> float:
    """What to add to logits learned from batches with ``positive_share`` successes, for frames as they come.

    By Bayes' rule the log odds differ by those of the two priors.
    """
    drawn = math.log(positive_share / (1 - positive_share))
    return math.log(positives / negatives) - drawn


def fit_temperature(logit: np.ndarray, positive: np.ndarray, offset: float) -> float:
    """The temperature with the least cross entropy on [n] frames (Guo et al., "On calibration of modern
    neural networks", ICML 2017).

    The targets stop short of 0 and 1 as in Platt's method (1999), else frames that are told apart without a
    mistake would make it as sure as the search allows.
    """
    good, bad = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (good + 1) / (good + 2), 1 / (bad + 2))
    losses = [cross_entropy((logit + offset) / t, target) for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def cross_entropy(logit: np.ndarray, target: np.ndarray) -> float:
    """Mean over [n] frames, nats; targets in [0, 1]."""
    return float(np.mean(np.logaddexp(0.0, logit) - target * logit))


def expected_calibration_error(probability: np.ndarray, positive: np.ndarray, bins: int = _BINS) -> float:
    """Mean gap between what was said and what was so, over ``bins`` equal bins, weighted by their frames.

    Of the probability of success [n] in [0, 1] (Naeini et al., AAAI 2015); a perfect one has 0.
    """
    bin_of = np.minimum((np.asarray(probability) * bins).astype(int), bins - 1)
    said = np.bincount(bin_of, weights=probability, minlength=bins)
    was = np.bincount(bin_of, weights=positive.astype(float), minlength=bins)
    return float(np.abs(said - was).sum() / len(bin_of))
