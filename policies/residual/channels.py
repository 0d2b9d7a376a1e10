"""Fewer channels for the learner: the principal components of the frozen trunk's feature maps.

How many is a matter of CPU time: with 16, an update from cameras costs less than twice one from state
(benchmarks/throughput.py), and insertion is still learned. What they lose is in
benchmarks/results/learning_tried.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from robot.core.errors import SpecMismatch
from robot.core.spec import RigSpec
from robot.core.types import Array, Arrays

_PIXELS = 40_000  # positions a basis is fitted on


class ChannelBasis(NamedTuple):
    """One camera's principal components, whitened: each has unit variance over the demonstrations."""

    mean: Array  # [C]
    matrix: Array  # [C, k]


Bases = Mapping[str, ChannelBasis]


def fit_basis(features: np.ndarray, channels: int) -> ChannelBasis:
    """The first ``channels`` components of feature maps [N, h, w, C]."""
    pixels = features.reshape(-1, features.shape[-1])
    if not 1 <= channels <= features.shape[-1]:
        raise SpecMismatch(f"feature_channels: got {channels}, the trunk has {features.shape[-1]}")
    pixels = pixels[:: max(1, len(pixels) // _PIXELS)].astype(np.float64)
    mean = pixels.mean(0)
    variance, vectors = np.linalg.eigh(np.cov(pixels - mean, rowvar=False))
    first = np.argsort(variance)[::-1][:channels]
    scale = np.sqrt(np.maximum(variance[first], 1e-6))
    return ChannelBasis(mean.astype(np.float32), (vectors[:, first] / scale).astype(np.float32))


def project(features: Arrays, bases: Bases) -> Arrays:
    """Feature maps [..., h, w, C] of every camera as [..., h, w, k] float16."""
    return {
        camera: ((maps.astype(np.float32) - bases[camera].mean) @ bases[camera].matrix).astype(np.float16)
        for camera, maps in features.items()
    }


def reduced(spec: RigSpec, channels: int) -> RigSpec:
    """The rig as the learner's networks see it."""
    features = {k: (*s[:-1], min(channels, s[-1])) for k, s in spec.observation.features.items()}
    return replace(spec, observation=replace(spec.observation, features=features))
