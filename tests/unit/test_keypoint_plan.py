"""Plans: immutable, checked, stored once, vetoed beside."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.keypoints.plan import KeypointPlan, PlanError
from policies.rewards.keypoints.plan_rules import PlanRules, require_valid
from policies.rewards.keypoints.plan_store import PlanStore, Veto
from robot.core.errors import StoreError, UnknownName
from robot.task import Box

RULES = PlanRules(Box((0.4, -0.1, 0.0), (0.6, 0.1, 0.3)))
PATH = [[0.5, 0.0, 0.0], [0.5, 0.0, 0.1], [0.55, 0.05, 0.1]]


def plan(**changes: Any) -> KeypointPlan:
    fields: dict[str, Any] = {
        "version": 1,
        "arm": "arm",
        "task": "lift",
        "sentence": "lift the red cube",
        "keypoints": {"grasp": PATH[0], "target": PATH[-1]},
        "std_m": {"grasp": 0.004, "target": 0.01},
        "waypoints_m": PATH,
        "mask_points_px": {"wrist": [[60.0, 40.0], [62.0, 44.5]]},
        "confidence": 0.75,
        "provenance": "vlm",
        "model": "qwen3-vl-8b",
        "prompt_sha": "0123456789abcdef",
        "image_shas": {"wrist": "aa", "front": "bb"},
        "calibration_id": "cc",
        "created_ns": 1_700_000_000_000_000_000,
    }
    return KeypointPlan(**(fields | changes))


def test_the_id_is_that_of_the_content() -> None:
    one = plan()
    assert one.id == "d2464482e3ea9246"  # stored runs name plans by it
    assert one == plan(keypoints={"target": np.array(PATH[-1]), "grasp": tuple(PATH[0])})
    others = [
        plan(confidence=0.76),
        plan(created_ns=1),
        plan(waypoints_m=[*PATH, [0.55, 0.05, 0.12]]),
        plan(version=2),
    ]
    assert len({one, *others}) == 5
    assert one.changed(version=2, provenance="cache", parent_id=one.id).parent_id == one.id


def test_nothing_of_a_plan_can_be_changed() -> None:
    one, mine = plan(), np.array(PATH)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.task = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        one.waypoints_m[0] = 0.0
    with pytest.raises(ValueError, match="read-only"):
        one.keypoints["grasp"][0] = 0.0
    with pytest.raises(TypeError):
        one.keypoints["grasp"] = mine[0]  # type: ignore[index]
    copied = plan(waypoints_m=mine)
    mine[0] = 9.0
    assert copied.waypoints_m[0, 0] == 0.5


finite = st.floats(-1, 1, allow_nan=False)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(finite, finite, finite), min_size=2, max_size=6), st.text(max_size=20), st.floats(0, 1)
)
def test_json_brings_back_the_same_plan_to_the_last_bit(
    points: list, sentence: str, confidence: float
) -> None:
    one = plan(waypoints_m=points, sentence=sentence, confidence=confidence)
    back = KeypointPlan.from_json(one.to_json())
    assert back.id == one.id
    np.testing.assert_array_equal(back.waypoints_m, one.waypoints_m)
    assert back.to_json() == one.to_json()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d | {"confidence": 0.9}, "was changed or damaged"),
        (lambda d: {**d, "surprise": 1}, "surprise"),
        (lambda d: {k: v for k, v in d.items() if k != "task"}, "task"),
        (lambda d: d | {"format": 9}, "format 9; this version reads 1"),
        (lambda d: [d], "not a stored plan"),
    ],
)
def test_changed_json_is_refused(change: Any, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        KeypointPlan.from_json(json.dumps(change(json.loads(plan().to_json()))))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keypoints": {"grasp": PATH[0]}, "std_m": {"grasp": 0.0}}, "no keypoint 'target'"),
        ({"waypoints_m": [[0.5, 0.0, float("nan")], PATH[1]]}, "waypoints not finite"),
        ({"waypoints_m": [PATH[0]]}, "1 waypoints; want at least 2"),
        ({"waypoints_m": [[1.0, 2.0]]}, r"shape \(1, 2\); want \(N, 3\)"),
        ({"confidence": float("nan")}, "confidence nan"),
        ({"provenance": "guess"}, "want one of vlm, cache, reanchored, operator, oracle"),
        ({"std_m": {"grasp": 0.1}}, "one finite number from 0 for every keypoint"),
        ({"version": 0}, "version 0"),
        ({"mask_points_px": {"wrist": [[1.0, float("inf")]]}}, "mask points of 'wrist' not finite"),
    ],
)
def test_what_is_no_plan_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        plan(**changes)


def test_rules_name_every_breach() -> None:
    assert require_valid(plan(), RULES) == plan()
    with pytest.raises(PlanError, match=r"waypoint 1 at \(0.500, 0.000, 0.400\) m is outside the workspace"):
        require_valid(plan(waypoints_m=[PATH[0], [0.5, 0.0, 0.4], PATH[2]]), RULES)
    with pytest.raises(PlanError, match=r"keypoint 'target' at \(0.550, 0.050, 0.900\) m is outside"):
        require_valid(plan(keypoints={"grasp": PATH[0], "target": [0.55, 0.05, 0.9]}), RULES)
    with pytest.raises(
        PlanError, match=r"first waypoint .* run backwards; the last waypoint .* run backwards"
    ):
        require_valid(plan(waypoints_m=PATH[::-1]), RULES)
    with pytest.raises(PlanError, match=r"waypoints 0 and 1 are 2\.0 mm apart; want at least 5"):
        require_valid(plan(waypoints_m=[PATH[0], [0.502, 0.0, 0.0], *PATH[1:]]), RULES)
    with pytest.raises(PlanError, match="'target' is known to 90 mm; want 50 or better"):
        require_valid(plan(std_m={"grasp": 0.004, "target": 0.09}), RULES)


def test_a_way_that_ends_where_it_began_is_in_order() -> None:
    loop = [PATH[0], PATH[1], PATH[0]]
    assert require_valid(plan(waypoints_m=loop, keypoints={"grasp": PATH[0], "target": PATH[0]}), RULES)


def test_a_plan_is_stored_once(tmp_path: Path) -> None:
    store = PlanStore(tmp_path / "plans")
    assert store.next_version() == 1
    store.write(plan())
    for again in (plan(), plan(confidence=0.1)):
        with pytest.raises(StoreError, match="never replaced: give the new one version 2"):
            store.write(again)
    second = plan(version=2, provenance="reanchored", parent_id=plan().id)
    store.write(second)
    assert store.plans() == (plan(), second)
    assert store.read(plan().id).to_json() == plan().to_json()
    assert sorted(p.name for p in (tmp_path / "plans").iterdir()) == ["0001.json", "0002.json"]
    with pytest.raises(UnknownName, match="unknown plan 'nope'"):
        store.read("nope")


def test_a_damaged_plan_is_named(tmp_path: Path) -> None:
    path = PlanStore(tmp_path).write(plan())
    path.write_text(path.read_text().replace("0.75", "0.95"))
    with pytest.raises(StoreError, match=r"0001\.json.*changed or damaged"):
        PlanStore(tmp_path).plans()


def test_a_refusing_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("policies.rewards.keypoints.plan_store.fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        PlanStore(tmp_path).write(plan())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("")
    with pytest.raises(StoreError, match=r"cannot write .*plans/0001\.json: File exists"):
        PlanStore(tmp_path / "plans").write(plan())


def test_a_veto_stands_beside_the_plan_and_is_never_lost(tmp_path: Path) -> None:
    store = PlanStore(tmp_path)
    path, content = store.write(plan()), plan().to_json()
    store.write(plan(version=2))
    given = store.veto(plan(version=2).id, "points at the wrong cube", "anna", 5)
    store.veto(plan().id, "table moved", "ben", 6)
    assert store.vetoes() == (given, Veto(plan().id, "table moved", "ben", 6))
    assert path.read_text() == content
    with pytest.raises(UnknownName):
        store.veto("nope", "", "anna", 7)


def test_a_veto_line_cut_by_a_crash_never_was_but_a_damaged_one_is_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = PlanStore(tmp_path)
    store.write(plan())
    first = store.veto(plan().id, "one", "anna", 1)
    path = tmp_path / "vetoes.jsonl"
    path.write_bytes(path.read_bytes() + b'{"plan_id": "ab')
    with caplog.at_level(logging.WARNING):
        assert store.vetoes() == (first,)
    assert "cut off by a crash" in caplog.text
    second = store.veto(plan().id, "two", "ben", 2)
    assert store.vetoes() == (first, second)
    path.write_bytes(b"rubbish\n" + path.read_bytes())
    with pytest.raises(StoreError, match="vetoed plans would count again"):
        store.vetoes()
