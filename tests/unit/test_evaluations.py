"""Evaluations after a session: their folders, and which starts they get."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot.core.errors import NudgeError
from robot.session.evaluations import plan_evaluation, read_evaluation, write_result

SEEDS = range(950, 1000)


def test_policies_and_cells_share_their_starts(tmp_path: Path) -> None:
    base = plan_evaluation(tmp_path, "base", 10, SEEDS)
    final = plan_evaluation(tmp_path, "final", 10, SEEDS)
    held_out = plan_evaluation(tmp_path, "final", 10, SEEDS, "held_out")
    older = plan_evaluation(tmp_path, "final", 10, SEEDS, "held_out", version=40)
    names = ["base-0", "final-0", "final-held_out-0", "final-v40-held_out-0"]
    assert [e.name for e in (base, final, held_out, older)] == names
    assert {e.first_seed for e in (base, final, held_out, older)} == {950}
    assert read_evaluation(tmp_path, "final-held_out-0") == held_out


def test_a_finished_one_is_followed_by_fresh_starts_and_one_cut_short_goes_on(tmp_path: Path) -> None:
    for randomize in (None, "train"):
        first = plan_evaluation(tmp_path, "final", 10, SEEDS, randomize)
        assert plan_evaluation(tmp_path, "final", 10, SEEDS, randomize) == first
        write_result(tmp_path, first, {"success": 1.0})
        second = plan_evaluation(tmp_path, "final", 20, SEEDS, randomize)
        assert (second.first_seed, second.name[-2:]) == (960, "-1")


def test_starts_run_out(tmp_path: Path) -> None:
    with pytest.raises(NudgeError, match="got 51, want 1 to 50"):
        plan_evaluation(tmp_path, "final", 51, SEEDS)
