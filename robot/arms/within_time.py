"""A bound on vendor calls that have none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

_ENOUGH_S = 10.0  # for a handshake that takes milliseconds


def within_time(call: Callable[[], Any]) -> Any:
    """The call's result, or what it raises; TimeoutError after ten seconds, and its thread is left behind."""
    results: list[Any] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:  # whatever it is, it is raised again below
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_ENOUGH_S)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {_ENOUGH_S:g} s")
    return results[0]
