"""Fixtures around a simulated control unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.sdk.franka_sim import FrankaSim, start_franka_sim


@pytest.fixture(scope="session")
def franka_sim() -> Iterator[FrankaSim]:
    """One FR3 for all tests that leave it well, with reflexes and a 40 mm thing between its fingers."""
    sim = start_franka_sim(gripper_object_width=0.04)
    yield sim
    sim.kill()


@pytest.fixture
def start_sim() -> Iterator[Callable[..., FrankaSim]]:
    """`start_franka_sim`, for a test that needs a server of its own; killed after the test."""
    started: list[FrankaSim] = []

    def start(**options: object) -> FrankaSim:
        started.append(start_franka_sim(**options))  # pyright: ignore[reportArgumentType]
        return started[-1]

    yield start
    for sim in started:
        sim.kill()
