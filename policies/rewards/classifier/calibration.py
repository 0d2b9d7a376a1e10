"""Probabilities that mean what they say: one temperature, and how far off they are."""

from __future__ import annotations

import numpy as np

_BINS = 15
_TEMPERATURES = np.geomspace(0.1, 10.0, 401)


def probability(logit: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """[n] in [0, 1] of logits [n], divided by the temperature."""
    scaled = np.asarray(logit, np.float64) / temperature
    with np.errstate(invalid="ignore"):  # a NaN stays one, and is no news here
        return np.exp(-np.logaddexp(0.0, -scaled))  # never overflows


def fit_temperature(logit: np.ndarray, positive: np.ndarray) -> float:
    """The temperature with the least cross entropy on [n] frames (Guo et al., "On calibration of modern
    neural networks", ICML 2017).

    The targets stop short of 0 and 1 as in Platt's method (1999), else frames that are told apart without a
    mistake would make it as sure as the search allows.
    """
    good, bad = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (good + 1) / (good + 2), 1 / (bad + 2))
    losses = [cross_entropy(logit / t, target) for t in _TEMPERATURES]
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
