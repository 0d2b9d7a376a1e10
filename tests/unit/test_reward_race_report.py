"""The reward race's page: arms are compared on the seeds that both have run, and gaps show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.learning_table.row import Row
from benchmarks.reward_race.figure import write_figure
from benchmarks.reward_race.report import report
from tests.unit.learning_rows import ROW


def row(arm: str, seed: int, steps: int | None) -> Row:
    return replace(ROW, arm=arm, task="lift_state", seed=seed, steps_to_90=steps)


def cells(page: str, arm: str, seeds: int = 3) -> list[str]:
    (line,) = [x for x in page.splitlines() if x.startswith(f"| {arm} |") and f"of {seeds} |" in x]
    return [c.strip() for c in line.strip("|").split("|")]


def test_arms_are_compared_on_the_seeds_that_both_have() -> None:
    sparse = [row("sparse", seed, steps) for seed, steps in enumerate((1000, 2000, 6000))]
    page = report([*sparse, row("shaped-oracle", 1, 1000), row("kagi-oracle", 0, None)], (0, 1, 2))
    assert cells(page, "sparse")[-1] == "1.00"
    assert cells(page, "shaped-oracle")[-1] == "2.00"
    assert cells(page, "kagi-oracle")[-3] == "reached by 0 of 1"
    assert cells(page, "kagi-oracle")[-1] == f"< {1000 / ROW.online_steps:.2f}"
    assert "| shaped-dead | not run |" in page


def test_a_session_that_did_not_get_there_bounds_the_ratio() -> None:
    made = ROW.online_steps
    sparse = [row("sparse", 0, None), row("sparse", 1, made // 2)]
    shaped = [row("shaped-oracle", seed, made // 4) for seed in (0, 1)]
    page = report([*sparse, *shaped, row("kagi-oracle", 0, None)], (0, 1))
    assert cells(page, "shaped-oracle", 2)[-1] == "> 3.00"
    assert cells(page, "kagi-oracle", 2)[-1] == "(1.00)"


def test_the_picture_has_a_panel_for_each_kind_of_model(tmp_path: Path) -> None:
    sparse = [row("sparse", seed, 1000) for seed in (0, 1)]
    write_figure(sparse, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
    oracle, noisy = row("shaped-oracle", 0, 1000), row("kagi-noisy", 1, None)
    for name, rows in (
        ("two", [*sparse, oracle, noisy]),
        ("three", [oracle, noisy, row("shaped-dead", 0, 1)]),
    ):
        write_figure(rows, tmp_path / f"{name}.png")
    two, three = (cv2.imread(str(tmp_path / f"{name}.png")) for name in ("two", "three"))
    assert two is not None
    assert three is not None
    assert three.shape[1] > 1.3 * two.shape[1]
    assert len(np.unique(two.reshape(-1, 3), axis=0)) > 100
