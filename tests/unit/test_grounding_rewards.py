"""Reward functions and verdicts against numbers worked out by hand, and rows on their way through files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from policies.rewards.grounding.asking import right_reply
from policies.rewards.grounding.data_set import read_split, save_picture, write_split
from policies.rewards.grounding.mask_rle import MaskRleError, decode, encode
from policies.rewards.grounding.row import GroundingRow, Labels, Shot, is_answerable, make_row
from policies.rewards.grounding.target import COLUMNS
from policies.rewards.grounding.trl_rewards import (
    box_size_penalty,
    distance_reward,
    format_reward,
    in_mask_reward,
    iou_reward,
    points_reward,
    tolerance_px,
)
from policies.rewards.grounding.verdict import AnswerKind, judge
from robot.core.errors import StoreError

# A picture of 300 x 400 (diagonal 500): the thing fills columns 100..139 and rows 40..59.
MASK = np.zeros((400, 300), bool)
MASK[40:60, 100:140] = True
SHOT = Shot("lift", "front", 7, "images/a.png", "00", np.eye(3), np.eye(4))
THING = Labels("cube", "the cube", MASK, np.array([120.0, 50.0]), True, np.array([0.5, 0.0, 0.04]))
POINT = make_row(SHOT, THING, "point", "pixels-xy")
BOX = make_row(SHOT, THING, "box", "pixels-xy")
HIDDEN = make_row(SHOT, replace(THING, mask=np.zeros_like(MASK), visible=False), "point", "pixels-xy")


def columns(*rows: GroundingRow) -> dict[str, Any]:
    return {name: [getattr(row, name) for row in rows] for name in COLUMNS}


def chat(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


REPLIES = ["[[120, 50]]", "[[130, 50]]", "[[150, 50]]", "[[50, 120]]", "on the left", "not visible"]


def test_points_are_rewarded_as_worked_out_by_hand() -> None:
    given_columns = columns(*[POINT] * 6)
    assert in_mask_reward(REPLIES, **given_columns) == [1, 1, 0, 0, 0, 0]
    assert format_reward([chat(r) for r in REPLIES], **given_columns) == [1, 1, 1, 1, 0, 1]
    far = np.hypot(70, 70)
    # At the end of training tau is 2 % of 500 px.
    near = [1.0, np.exp(-1), np.exp(-9), np.exp(-((far / 10) ** 2)), 0, 0]
    assert distance_reward(REPLIES, **given_columns) == pytest.approx(near)
    wanted = [1.0, 0.6 + 0.4 * np.exp(-1), 0.1 + 0.4 * np.exp(-9), 0.1, 0, 0.1]
    assert points_reward(REPLIES, **given_columns) == pytest.approx(wanted)


def test_the_tolerance_tightens_from_a_tenth_to_a_fiftieth_of_the_diagonal() -> None:
    assert [tolerance_px(POINT.target, f) for f in (0, 0.5, 1, 2)] == pytest.approx([50, 30, 10, 10])
    half = SimpleNamespace(global_step=50, max_steps=100)
    (reward,) = distance_reward(["[[150, 50]]"], trainer_state=half, **columns(POINT))
    assert reward == pytest.approx(np.exp(-1))


def test_hidden_things_reward_only_the_word_for_it() -> None:
    replies, rows = ["not visible", "[[120, 50]]", "hm"], columns(*[HIDDEN] * 3)
    assert points_reward(replies, **rows) == [1, 0, 0]
    assert in_mask_reward(replies, **rows) == [1, 0, 0]
    assert distance_reward(replies, **rows) == [None] * 3
    assert [judge(r, HIDDEN.target).kind.value for r in replies] == [
        "rightly_hidden",
        "invented",
        "unreadable",
    ]


def test_boxes_are_rewarded_by_overlap_and_size() -> None:
    # The true box is 40 x 20, its edges at 99.5, 39.5 and 139.5, 59.5.
    replies = ["[[99.5, 39.5, 139.5, 59.5]]", "[[99.5, 39.5, 119.5, 59.5]]", "[[109.5, 44.5, 119.5, 49.5]]"]
    replies += ["[[120, 50]]", "not visible"]
    rows = columns(*[BOX] * 5)
    assert iou_reward(replies, **rows) == pytest.approx([1, 0.5, 50 / 800, 0, 0])
    assert format_reward(replies, **rows) == [1, 1, 1, 0, 1]
    assert box_size_penalty(replies[:3], **columns(*[BOX] * 3)) == pytest.approx([0, -0.5, -1])
    assert box_size_penalty(replies[3:], **columns(BOX, BOX)) == [None, None]
    assert in_mask_reward(replies, **rows) == [None] * 5
    assert iou_reward(["[[120, 50]]"], **columns(POINT)) == [None]
    assert box_size_penalty(replies[:1], **columns(POINT)) == [None]
    assert box_size_penalty(["[[99.5, 39.5, 99.5, 59.5]]"], **columns(BOX)) == [-1]


def test_exchanged_axes_are_a_class_of_their_own() -> None:
    logged: dict[str, float] = {}
    in_mask_reward(REPLIES, log_metric=logged.__setitem__, **columns(*[POINT] * 6))
    shares = {"hit": 2, "miss": 1, "wrong_axis": 1, "unreadable": 1, "said_hidden": 1}
    empty = {f"answers/{kind.value}": 0.0 for kind in AnswerKind}
    assert logged == pytest.approx(empty | {f"answers/{name}": n / 6 for name, n in shares.items()})


@pytest.mark.parametrize(
    "coord_format", ["gemini", "qwen3-vl", "qwen2.5-vl", "molmo", "robopoint", "fraction-yx"]
)
def test_the_right_reply_is_right_in_every_format(coord_format: str) -> None:
    row = POINT.asked_in(coord_format)
    verdict = judge(right_reply(row.target), row.target)
    assert verdict.kind is AnswerKind.HIT
    assert verdict.error_px is not None
    assert verdict.error_px < 0.5
    assert row.prompt != POINT.prompt


@pytest.mark.parametrize(
    "text", ["", "[[1e999, 2]]", "[[[[", '{"point": null}', "[[120, 50], [1, 2]]", "[[-9, 2]]"]
)
def test_no_reply_breaks_a_verdict(text: str) -> None:
    assert judge(text, POINT.target).kind is AnswerKind.UNREADABLE
    assert judge(text, BOX.target).kind is AnswerKind.UNREADABLE


@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_a_mask_comes_back_from_its_run_lengths(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(decode(encode(mask)), mask)


def test_run_lengths_are_coco_s() -> None:
    assert encode(np.array([[0, 1, 1], [0, 1, 0]], bool)) == {"size": [2, 3], "counts": [2, 3, 1]}
    assert encode(np.array([[1, 0]], bool))["counts"] == [0, 1, 1]
    with pytest.raises(MaskRleError, match="5 pixels for a mask of 3x2"):
        decode({"size": [2, 3], "counts": [2, 3]})


def test_rows_and_pictures_come_back_from_a_folder(tmp_path: Path) -> None:
    frame = np.arange(400 * 300 * 3, dtype=np.uint32).astype(np.uint8).reshape(400, 300, 3)
    image, sha = save_picture(tmp_path, "train", "lift-7-front", frame)
    rows = [replace(r, image=image, image_sha256=sha) for r in (POINT, BOX, HIDDEN)]
    assert write_split(tmp_path, "train", rows) == 3
    assert [r.json_line for r in read_split(tmp_path, "train")] == [r.json_line for r in rows]
    lines = [json.loads(line) for line in (tmp_path / "vlm_r1_train.jsonl").read_text().splitlines()]
    assert [line["solution"] for line in lines] == [
        "[[120, 50]]",
        "[[99.5, 39.5, 139.5, 59.5]]",
        "not visible",
    ]
    assert lines[0]["conversations"][0]["value"].startswith("<image>You point")
    with pytest.raises(StoreError, match="nudge reward export"):
        read_split(tmp_path, "test")


def test_a_hidden_keypoint_of_a_thing_in_sight_is_not_asked_for() -> None:
    covered = replace(THING, visible=False)
    assert (is_answerable(covered, "point"), is_answerable(covered, "box")) == (False, True)
    assert is_answerable(replace(covered, mask=np.zeros_like(MASK)), "point")
