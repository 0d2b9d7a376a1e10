"""The reward race's page: arms are compared on the seeds that both have run, and gaps show."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.learning_table.row import Row
from benchmarks.reward_race.report import report
from tests.unit.learning_rows import ROW


def row(arm: str, seed: int, steps: int | None) -> Row:
    return replace(ROW, arm=arm, task="lift_state", seed=seed, steps_to_90=steps)


def cells(page: str, arm: str) -> list[str]:
    (line,) = [x for x in page.splitlines() if x.startswith(f"| {arm} |") and "of 3" in x]
    return [c.strip() for c in line.strip("|").split("|")]


def test_arms_are_compared_on_the_seeds_that_both_have() -> None:
    sparse = [row("sparse", seed, steps) for seed, steps in enumerate((1000, 2000, 6000))]
    page = report([*sparse, row("shaped-oracle", 1, 1000), row("kagi-oracle", 0, None)], (0, 1, 2))
    assert cells(page, "sparse")[-1] == "1.00"
    assert cells(page, "shaped-oracle")[-1] == "2.00"
    assert cells(page, "kagi-oracle")[-3] == "reached by 0 of 1"
    assert cells(page, "kagi-oracle")[-1] == "-"
    assert "| shaped-dead | not run |" in page
