"""Several accelerators: each holds the whole network and learns from its share of every batch."""

from __future__ import annotations

from typing import TypeVar

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from policies.replay.batch import Batch

T = TypeVar("T")


def spread(batches: Batch) -> Batch:
    """Batches [K, B, ...] with B split over all devices; unchanged where there is one.

    jax then runs one program on all of them and sums the gradients.

    Raises:
        ValueError: from jax, if B does not divide by the number of devices.
    """
    return _put(batches, PartitionSpec(None, "batch"))


def copied(state: T) -> T:
    """Arrays with a copy on every device; unchanged where there is one."""
    return _put(state, PartitionSpec())


def _put(tree: T, how: PartitionSpec) -> T:
    devices = jax.devices()
    if len(devices) == 1:
        return tree
    return jax.device_put(tree, NamedSharding(Mesh(devices, ("batch",)), how))
