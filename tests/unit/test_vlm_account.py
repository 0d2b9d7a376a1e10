"""Calls, tokens and money are counted, and end where the budget does."""

from __future__ import annotations

from typing import Any

import pytest

from policies.rewards.vlm.account import Account
from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.errors import BudgetSpent


def account(**changes: Any) -> Account:
    return Account(VlmConfig("http://lab/v1", "m", **changes))


def test_nothing_yet() -> None:
    report = account().report()
    assert (report.calls, report.cost, report.failures) == (0, 0.0, {})
    assert report.latency_p50_s is None


def test_totals_and_percentiles() -> None:
    book = account(input_price=1e6, output_price=2e6)
    for latency_s in range(1, 102):
        book.start_call()
        assert book.end_call(float(latency_s), 1, 2) == 5.0
    book.start_call()  # never answered
    for kind in ("timeout", "busy", "timeout"):
        book.count_failure(kind)
    report = book.report()
    assert (report.calls, report.unmetered_calls) == (102, 1)
    assert (report.input_tokens, report.output_tokens, report.cost) == (101, 202, 505.0)
    percentiles = (report.latency_p50_s, report.latency_p90_s, report.latency_p99_s)
    assert percentiles == pytest.approx((51.0, 91.0, 100.0))
    assert report.failures == {"timeout": 2, "busy": 1}


def test_calls_without_usage_are_told_apart() -> None:
    book = account(input_price=1e6)
    book.start_call()
    assert book.end_call(1.0, None, None) == 0.0
    assert book.report().unmetered_calls == 1


def test_the_call_beyond_the_budget_is_refused_and_not_counted() -> None:
    book = account(budget_calls=1)
    book.start_call()
    for _ in range(2):
        with pytest.raises(BudgetSpent, match="1 calls made, budget_calls is 1"):
            book.start_call()
    assert book.report().calls == 1
