"""The learning table: rows join, none is lost or overwritten, gaps show, aggregates by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from benchmarks.learning_table.aggregate import summarise
from benchmarks.learning_table.figure import band, success_curve
from benchmarks.learning_table.markdown import report
from benchmarks.learning_table.milestones import steps_until
from benchmarks.learning_table.plan import ARMS, DEFAULT, GRIDS, STATE, Cell, Grid, built, cells
from benchmarks.learning_table.results import add_row, newest, read_rows
from benchmarks.learning_table.targets import verdict
from benchmarks.learning_table.todo import without_row
from robot.core.errors import NudgeError, StoreError
from robot.session.statistics import Rate, wilson
from tests.unit.learning_rows import ROW, with_milestones

ROOT = Path(__file__).parents[2]


def test_rows_survive_their_file(tmp_path: Path) -> None:
    path = tmp_path / "results" / "learning.json"
    assert read_rows(path) == []
    full, bare = with_milestones(ROW, 3, 18), replace(ROW, arm="bc", base=None, steps_to_90=None)
    for row in (full, bare):
        add_row(path, row)
    assert sorted(read_rows(path), key=lambda r: r.arm) == [bare, full]
    assert [p.name for p in path.parent.iterdir()] == ["learning.json"]
    assert len(path.read_text().splitlines()) == 4  # one row a line


def test_a_finished_row_is_never_overwritten_and_a_new_commit_is_a_new_row(tmp_path: Path) -> None:
    path = tmp_path / "learning.json"
    later = replace(ROW, finished="2026-11-22T10:00:00+00:00")
    for row in (ROW, replace(later, final=Rate(1, 100)), replace(later, commit="bbbbbbb")):
        add_row(path, row)
    assert {(r.commit, r.final.successes) for r in read_rows(path)} == {("aaaaaaa", 90), ("bbbbbbb", 90)}
    assert newest(read_rows(path))[ROW.cell].commit == "bbbbbbb"


def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "learning.json"
    path.write_text('{"rows":[')
    with pytest.raises(StoreError, match="restore it with git"):
        add_row(path, ROW)
    assert path.read_text() == '{"rows":['


def test_only_what_has_no_row_is_run() -> None:
    wanted = [Cell(a, "peg_insert_state", s, "local") for a in ("bc", "residual") for s in (0, 1)]
    rows = [ROW, replace(ROW, arm="bc", seed=1), replace(ROW, seed=1, host="ros")]
    left = without_row(wanted, rows, None)
    assert [(c.arm, c.seed) for c in left] == [("bc", 0), ("residual", 1)]


def test_since_needs_a_commit_that_exists() -> None:
    with pytest.raises(NudgeError, match="no commit 'nowhere'"):
        without_row([], [ROW], "nowhere")


def test_cells_come_seed_by_seed_and_only_what_is_built() -> None:
    grid = Grid("a grid", "local", tuple(ARMS), ("peg_insert_state", "no_such_task"))
    some = list(cells(grid, ["bc", "residual"], grid.tasks, [0, 1]))
    assert [(c.seed, c.task, c.arm) for c in some] == [
        (s, "peg_insert_state", a) for s in (0, 1) for a in ("bc", "residual")
    ]
    assert not built("bc", "no_such_task")
    assert all(g.arms[0] == "bc" and set(g.arms) <= set(ARMS) for g in GRIDS)


def test_aggregate_by_hand() -> None:
    second = replace(ROW, seed=1, final=Rate(60, 100), steps_to_90=5000, handovers=150, cycle_time_s=1.0)
    s = summarise([second, ROW])
    assert (s.seeds, s.final, s.worst, s.base) == ((0, 1), Rate(150, 200), Rate(60, 100), Rate(80, 200))
    assert s.final.interval == wilson(150, 200)
    assert (s.mean_steps_to_90, s.minutes_to_90) == (4000, pytest.approx(4000 * 0.1 / 60))
    assert (s.handovers, s.human_share) == (100, 0.1)
    assert s.cycle_ratio == pytest.approx((0.75 + 0.5) / 2)
    assert s.wall_min == 10


def test_a_seed_that_never_got_there_hides_the_mean() -> None:
    s = summarise([ROW, replace(ROW, seed=1, steps_to_90=None)])
    assert (s.reached, s.mean_steps_to_90, s.minutes_to_90) == (1, None, None)
    line = next(x for x in report([ROW, replace(ROW, seed=1, steps_to_90=None)], (0, 1)).splitlines()
                if "| peg_insert_state | residual |" in x)  # fmt: skip
    assert "reached by 1 of 2" in line


def test_the_report_names_gaps_and_losers() -> None:
    page = report([ROW, replace(ROW, arm=DEFAULT)], (0, 1, 2)).splitlines()
    first = next(x for x in page if x.startswith("| peg_insert_state | residual |"))
    low, high = wilson(90, 100)
    assert f"| 1 of 3 | 40% | 90% | {low:.0%} to {high:.0%} | 90% |" in first
    assert "| 3000 (5.0) | 50 (10%) | 1.50 (0.75) | 10 |" in first
    assert any(x.startswith(f"| peg_insert_state | {ARMS['bc'].label} | not run |") for x in page)
    for grid in GRIDS:
        for task in grid.tasks:
            for arm in grid.arms:
                lines = [x for x in page if x.startswith(f"| {task} | {ARMS[arm].label} |")]
                assert lines
                assert built(arm, task) or "not built" in lines[0]
    widths = {x.count("|") for x in page if x.startswith("|") and "commit" not in x and "aaaaaaa" not in x}
    assert widths == {5, 12, 14}  # the rules of all tables too


@pytest.mark.parametrize(
    ("ours", "peer", "want"),
    [
        (1000, 2000, "met: 0.50"),
        (1100, 2000, "**not met**: 0.55"),
        (None, 2000, "**not met**: 90 % reached by 0 of 1 seeds"),
        (1000, None, "met: HIL-SERL got there with 0 of 1 seeds"),
    ],
)
def test_steps_are_judged_against_the_peer(ours: int | None, peer: int | None, want: str) -> None:
    arms = {DEFAULT: summarise([replace(ROW, steps_to_90=ours)])}
    assert "| not measured |" in str(verdict("peg", arms))
    arms["hilserl"] = summarise([replace(ROW, arm="hilserl", steps_to_90=peer)])
    assert str(verdict("peg", arms)) == f"| peg | **not met**: 90.0% | {want} | **not met**: 0.75 |"
    assert verdict("peg", {"hilserl": arms["hilserl"]}) is None


def test_curve_goes_from_the_base_over_the_milestones_to_the_end() -> None:
    x, y = success_curve(with_milestones(ROW, 4, 18))
    assert x.tolist() == [0, 1000, 2000, 6000]
    assert y.tolist() == [0.4, 0.2, 0.9, 0.9]
    assert success_curve(replace(ROW, base=None))[1].tolist() == [0, 0.9]


def test_band_spans_the_seeds() -> None:
    good, bad = with_milestones(ROW, 20, 20), replace(with_milestones(ROW, 0, 10), online_steps=2000)
    x, mean, low, high = band([good, replace(bad, seed=1, final=Rate(0, 100))])
    assert x.tolist() == [0, 1000, 2000]
    assert (mean[:2].tolist(), low[:2].tolist(), high[:2].tolist()) == ([0.4, 0.5], [0.4, 0.0], [0.4, 1.0])


@pytest.mark.parametrize(
    ("successes", "want"),
    [((10, 18, 18), 2000), ((18, 17, 19, 20), 3000), ((18, 17), None), ((17, 18), 2000), ((), None)],
)
def test_ninety_percent_must_hold_at_the_next_look(successes: tuple[int, ...], want: int | None) -> None:
    assert steps_until(with_milestones(ROW, *successes).milestones, 0.9) == want


def test_the_rows_in_the_repository_read() -> None:
    path = ROOT / "benchmarks" / "results" / "learning.json"
    rows = read_rows(path)
    assert len({r.key for r in rows}) == len(rows)
    assert all(r.arm in ARMS and r.final.n > 0 for r in rows)
    assert not path.exists() or json.loads(path.read_text())["rows"]
    assert set(STATE.arms) == set(ARMS)
