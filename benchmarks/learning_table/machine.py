"""The computer that a row was made on, and how sessions share it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

# A pool of threads in each of two sessions on two cores costs more than it gives.
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_XLA = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}


def machine() -> str:
    """Processor and cores."""
    return f"{_processor()}, {len(os.sched_getaffinity(0))} cores"


def environment(current: Mapping[str, str]) -> dict[str, str]:
    """Of one session among several: one thread each for numpy, torch and jax."""
    return {**current, **_THREADS, **_XLA}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
