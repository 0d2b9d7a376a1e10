"""What holds for all tests."""

from __future__ import annotations

import pytest

# Real SDK threads, processes and servers against the wall clock of a shared machine.
_REAL_CLOCK = ("tests/sdk/", "tests/ros/", "tests/vlm_servers/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A real-clock test that fails is tried once more, and the summary says so (R); all others must pass."""
    for item in items:
        if item.nodeid.startswith(_REAL_CLOCK):
            item.add_marker(pytest.mark.flaky(reruns=1))
