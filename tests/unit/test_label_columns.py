"""New labels beside the old: written once, resumed, compared; and which plan of another store fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from policies.rewards.label_columns import LabelColumns, Labels
from policies.rewards.label_difference import difference, summary
from policies.rewards.plan_book import PlanBook
from robot.core.errors import StoreError
from tests.unit.lifting_episodes import UP, lifted, lifting_plan

LABELS = Labels(np.array([0.1, 0.2], np.float32), np.array([3, 3], np.int32))
JOB = {"rule": "shaped", "episodes": [5, 6]}


def test_an_unfinished_job_goes_on_and_a_finished_one_is_kept(tmp_path: Path) -> None:
    LabelColumns(tmp_path / "a", JOB).write(5, LABELS)
    again = LabelColumns(tmp_path / "a", JOB)
    stored = again.read(5)
    assert stored is not None
    np.testing.assert_array_equal(stored.dense, LABELS.dense)
    assert stored.plan.tolist() == [3, 3]
    assert again.read(6) is None
    again.finish({"episodes": 2})
    with pytest.raises(StoreError, match="finished"):
        LabelColumns(tmp_path / "a", JOB)


def test_another_job_or_anything_else_is_not_written_into(tmp_path: Path) -> None:
    LabelColumns(tmp_path / "a", JOB)
    with pytest.raises(StoreError, match="differs in rule"):
        LabelColumns(tmp_path / "a", {**JOB, "rule": "kagi"})
    (tmp_path / "b").mkdir()
    with pytest.raises(StoreError, match="not an unfinished relabel"):
        LabelColumns(tmp_path / "b", JOB)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    columns = LabelColumns(tmp_path / "a", JOB)
    columns.write(5, LABELS)
    (tmp_path / "a" / "00000005.npz").write_bytes(b"PK")
    with pytest.raises(StoreError, match=r"00000005\.npz is damaged"):
        columns.read(5)


def test_a_file_says_which_step_of_which_episode_each_label_is_of(tmp_path: Path) -> None:
    LabelColumns(tmp_path / "a", JOB).write(5, LABELS)
    with np.load(tmp_path / "a" / "00000005.npz") as stored:
        assert {k: stored[k].tolist() for k in ("episode", "step")} == {"episode": [5, 5], "step": [0, 1]}


def test_the_difference_counts_changes_and_both_returns() -> None:
    episode = lifted(arrives=0)
    same = difference(episode, Labels(episode.dense, episode.plan), "potential", "potential", 0.97)
    gone = difference(episode, Labels(0 * episode.dense, 0 * episode.plan), "potential", "potential", 0.97)
    assert not same.changed
    assert gone.changed
    assert gone.most == pytest.approx(episode.dense.max())
    assert same.live_return == same.new_return == gone.live_return == pytest.approx(-episode.dense[0])
    assert (gone.new_return, gone.labelled) == (0.0, 0)
    told = summary([same, gone])
    assert (told["episodes"], told["changed"], told["labelled"]) == (2, 1, 1)
    assert told["mean_change"] == pytest.approx(episode.dense.mean() / 2)


def test_a_plan_of_the_same_pictures_fits_better_than_one_of_the_same_version() -> None:
    here = (lifting_plan(1, picture="b"), lifting_plan(2, picture="a"), lifting_plan(3, 0.5 * UP))
    book = PlanBook(here, frozenset({here[1].id}))
    assert book.like(lifting_plan(1, picture="a")) is here[1]
    assert book.like(lifting_plan(3, picture="c")) is here[2]
    assert book.like(lifting_plan(9, picture="c")) is None
    assert book.usable == {1: here[0], 3: here[2]}
