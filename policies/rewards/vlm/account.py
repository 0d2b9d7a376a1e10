"""What a session has asked, what it cost, and when to stop."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.errors import BudgetSpent


@dataclass(frozen=True)
class AccountReport:
    """Totals of one session; latencies are of the requests that were answered, None before the first."""

    questions: int
    answered: int
    cache_hits: int
    calls: int  # HTTP requests for a completion, failed ones too
    unmetered_calls: int  # of these, without usage from the server: their cost is not in `cost`
    input_tokens: int
    output_tokens: int
    cost: float
    latency_p50_s: float | None
    latency_p90_s: float | None
    latency_p99_s: float | None
    failures: dict[str, int] = field(default_factory=dict)  # by the error's kind, each attempt once


class Account:
    """Counts from several threads; one a session, so that budgets are the session's."""

    def __init__(self, config: VlmConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._latencies_s: list[float] = []
        self._cost = 0.0

    def start_call(self) -> None:
        """Count a request that is about to go out.

        Raises:
            BudgetSpent: one more is not allowed; nothing is counted.
        """
        with self._lock:
            calls, most = self._counts["calls"], self._config.budget_calls
            if calls >= most:
                raise BudgetSpent(f"{calls} calls made, budget_calls is {most}; raise it to go on asking")
            limit = self._config.budget_cost
            if limit is not None and self._cost >= limit:
                raise BudgetSpent(f"{self._cost:.4f} spent, budget_cost is {limit}; raise it to go on asking")
            self._counts.update(calls=1, unmetered_calls=1)

    def end_call(self, latency_s: float, input_tokens: int | None, output_tokens: int | None) -> float:
        """Count a request that was answered; returns its cost. None: the server does not say."""
        taken, given = input_tokens or 0, output_tokens or 0
        cost = self._config.cost(taken, given)
        with self._lock:
            self._latencies_s.append(latency_s)
            self._counts.update(input_tokens=taken, output_tokens=given)
            self._counts["unmetered_calls"] -= input_tokens is not None
            self._cost += cost
        return cost

    def count(self, what: str) -> None:
        """One more of ``questions``, ``answered`` or ``cache_hits``."""
        with self._lock:
            self._counts[what] += 1

    def count_failure(self, kind: str) -> None:
        """One more failure of a kind."""
        with self._lock:
            self._failures[kind] += 1

    def report(self) -> AccountReport:
        """The totals so far."""
        names = ("questions", "answered", "cache_hits", "calls", "unmetered_calls", "input_tokens")
        with self._lock:
            p50, p90, p99 = _percentiles(self._latencies_s)
            counts = {name: self._counts[name] for name in (*names, "output_tokens")}
            return AccountReport(
                **counts,
                cost=self._cost,
                latency_p50_s=p50,
                latency_p90_s=p90,
                latency_p99_s=p99,
                failures=dict(self._failures),
            )


def _percentiles(values: list[float]) -> list[float | None]:
    """The 50th, 90th and 99th; None without values."""
    return [float(p) for p in np.percentile(values, (50, 90, 99))] if values else [None] * 3
