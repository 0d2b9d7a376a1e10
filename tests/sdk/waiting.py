"""Waits for what another process or thread does, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable

_LONGEST_S = 60.0  # nothing here takes long by itself


def wait_for(true: Callable[[], object], what: str = "what was waited for") -> None:
    """Returns as soon as ``true`` holds; fails after a minute."""
    give_up_s = time.monotonic() + _LONGEST_S
    while not true():
        assert time.monotonic() < give_up_s, f"{what}: not within {_LONGEST_S:g} s"
        time.sleep(0.005)
