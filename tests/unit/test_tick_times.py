"""Durations of control ticks, in milliseconds."""

from __future__ import annotations

from policies.tick_times import EDGES_MS, TickTimes


def test_percentiles_and_histogram_of_what_was_measured() -> None:
    times = TickTimes()
    assert (times.percentile(99), sum(times.counts()), len(times)) == (0.0, 0, 0)
    for ms in (1.5, 2.5, 3.5, 400.0):
        times.add(ms / 1e3)
    assert times.percentile(50) == 3.0
    counts = times.counts()
    assert (len(counts), sum(counts), counts[-1]) == (len(EDGES_MS) - 1, 4, 1)
    assert counts[20:23] == [1, 1, 1]  # 1..2, 2..3 and 3..4 ms follow twenty bins of 50 us


def test_only_the_newest_are_kept() -> None:
    times = TickTimes()
    for _ in range(20_000):
        times.add(9.0)
    for _ in range(20_000):
        times.add(0.001)
    assert (len(times), times.percentile(100)) == (20_000, 1.0)
