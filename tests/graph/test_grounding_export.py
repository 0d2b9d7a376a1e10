"""`nudge reward export`: rows that fit their pictures, splits that share nothing, mistakes that are named."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.keypoint_scenes.measure import measure
from benchmarks.keypoint_scenes.report import statistics
from policies.rewards.grounding.asking import right_reply
from policies.rewards.grounding.bench.bootstrap import bootstrap
from policies.rewards.grounding.data_set import read_split
from policies.rewards.grounding.row import GroundingRow
from policies.rewards.grounding.target import COLUMNS
from policies.rewards.grounding.trl_rewards import iou_reward, points_reward
from policies.tasks import TASKS
from robot import cli
from sim.grounding.labelled_twin import LabelledTwin


def nudge(monkeypatch: pytest.MonkeyPatch, command: str) -> int:
    monkeypatch.setattr(sys, "argv", ["nudge", *command.split()])
    return cli.main()


def test_exported_rows_fit_their_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nudge(monkeypatch, f"reward export --out {tmp_path} --scenes 4 --held-out 4 --size 96") == 0
    train, test = (read_split(tmp_path, split) for split in ("train", "test"))
    assert {r.task for r in train} == {r.task for r in test} == {"peg_insert", "lift", "flip", "cable_route"}
    assert not {r.seed for r in train} & {r.seed for r in test}
    assert len({r.id for r in (*train, *test)}) == len(train) + len(test)
    for row in (*train, *test):
        picture = (tmp_path / row.image).read_bytes()
        assert hashlib.sha256(picture).hexdigest() == row.image_sha256
        pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        assert pixels.shape == (row.height, row.width, 3) == (96, 96, 3)
    assert rewarded(train) == pytest.approx([1.0] * len(train), abs=0.05)


def rewarded(rows: tuple[GroundingRow, ...]) -> list[float]:
    """What the right replies earn."""
    replies = [right_reply(row.target) for row in rows]
    columns = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
    pairs = zip(points_reward(replies, **columns), iou_reward(replies, **columns), strict=True)
    return [float(p if p is not None else b or 0.0) for p, b in pairs]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--coord-format qwen3", "did you mean 'qwen3-vl'"),
        ("--tasks lfit", "did you mean 'lift'"),
        ("--tasks handover", "unknown scene with labelled things 'handover'"),
        ("--size 8", "want at least 32"),
        ("--scenes 0", "want 1 to a million"),
    ],
)
def test_mistakes_are_named_before_anything_is_drawn(
    options: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert nudge(monkeypatch, f"reward export --out {tmp_path} {options}") == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.png"))
    assert not (tmp_path / "train.jsonl").exists()


def test_a_measured_scene_has_the_errors_that_were_put_in() -> None:
    twin = LabelledTwin(TASKS.load("lift"), 448, "train")
    scenes = [measure(twin.scene(seed)) for seed in range(3)]
    twin.close()
    found = statistics(scenes)
    oracle, noisy = (found["errors"][name] for name in ("oracle", "noisy 8 px"))
    assert oracle["pixel"]["p90"]["value"] < 0.05
    assert oracle["views 2"]["p90"]["value"] < 0.1
    assert oracle["depth"]["p90"]["value"] < 5.0
    assert 5 < noisy["pixel"]["median"]["value"] < 15
    assert 2 < noisy["views 2"]["median"]["value"] < 40
    assert found["candidates"]["colour, wrist"]["main_found"]["value"] == 1.0


def test_intervals_come_from_groups_and_not_from_their_numbers() -> None:
    alike = bootstrap([np.full(50, 0.0), np.full(50, 1.0)], np.mean)
    assert alike == {"value": 0.5, "low": 0.0, "high": 1.0}
    assert bootstrap([], np.mean) == {"value": None, "low": None, "high": None}
