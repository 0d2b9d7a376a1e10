"""Batches over several accelerators: each holds the whole network and a share of every batch."""

from __future__ import annotations

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from policies.replay.batch import Batch


def spread(batches: Batch) -> Batch:
    """Batches [K, B, ...] with B split over all devices; unchanged where there is one, or B does not divide.

    jax then runs one program on all of them: parameters are copied, gradients are summed.
    """
    devices = jax.devices()
    if len(devices) == 1 or batches.reward.shape[1] % len(devices):
        return batches
    split = NamedSharding(Mesh(devices, ("batch",)), PartitionSpec(None, "batch"))
    return jax.device_put(batches, split)
