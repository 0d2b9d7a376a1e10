"""A bounded wait for what a vendor's process or thread will say."""

from __future__ import annotations

import time
from collections.abc import Callable

_LOOK_S = 0.005


def wait_until(true: Callable[[], object], longest_s: float) -> bool:
    """Whether ``true`` held within ``longest_s``; looked at every 5 ms, and once at least."""
    give_up_s = time.monotonic() + longest_s
    while not true():
        if time.monotonic() >= give_up_s:
            return False
        time.sleep(_LOOK_S)
    return True
