"""What a model is asked and which replies are taken."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.keypoints.grid import Grid
from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.prompt import build_prompt, example_reply
from policies.rewards.keypoints.reply import MAX_REASONING, ReplyError, parse_reply, reply_schema
from policies.rewards.keypoints.vocabulary import MAX_WAYPOINTS, Vocabulary

HEIGHTS = HeightLines.at([0.0, 0.05, 0.1])
WORDS = Vocabulary.of(("P1", "P2", "Q1", "Q2"), Grid(), HEIGHTS)
GOOD = {
    "visible": True,
    "grasp": {"keypoint": "P2", "height": "h0"},
    "waypoints": [{"tile": "c3", "height": "h2"}, {"tile": "d4", "height": "h2"}],
    "target": {"at": "Q1", "height": "h1"},
    "confidence": 0.8,
}


def changed(path: str, value: object) -> str:
    reply = copy.deepcopy(GOOD)
    *parts, last = path.split(".")
    place: dict = reply
    for part in parts:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[last] = value
    return json.dumps(reply)


def test_a_good_reply_is_read_bare_and_fenced() -> None:
    reply = parse_reply(json.dumps(GOOD), WORDS)
    assert reply.grasp is not None
    assert (reply.grasp.keypoint, [w.tile for w in reply.waypoints]) == ("P2", ["c3", "d4"])
    assert reply.confidence == 0.8
    assert parse_reply(f"```json\n{json.dumps(GOOD)}\n```\n", WORDS) == reply
    assert parse_reply(changed("reasoning", "The peg goes up first."), WORDS).reasoning.startswith("The peg")


def test_not_visible_is_a_reply_too() -> None:
    unseen = {"visible": False, "grasp": None, "waypoints": [], "target": None, "confidence": 0.9}
    assert not parse_reply(json.dumps(unseen), WORDS).visible
    with pytest.raises(ReplyError, match="must be null and waypoints empty"):
        parse_reply(changed("visible", False), WORDS)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("grasp.keypoint", "P3", "grasp keypoint 'P3' does not exist; did you mean 'P"),
        ("grasp.keypoint", "Q1", "grasp keypoint 'Q1' does not exist.* Known: P1, P2"),
        ("waypoints.1.tile", "f3", "tile 'f3' does not exist"),
        ("waypoints.0.height", "h7", "height line 'h7' does not exist.* Known: h0, h1, h2"),
        ("target.at", "Q9", "target 'Q9' does not exist"),
        ("grasp", None, "grasp and target are needed unless visible is false"),
        ("confidence", 1.2, "confidence: .*less than or equal to 1"),
        ("confidence", "0.5", "confidence: .*valid number"),
        ("confidence", float("nan"), "NaN is no JSON number"),
        ("visible", 1, "visible: .*valid boolean"),
        ("angle", 3, "angle: Extra inputs are not permitted"),
        ("grasp.score", 3, "grasp.score: Extra inputs"),
        ("reasoning", "x" * (MAX_REASONING + 1), "reasoning: .*at most 600"),
        ("waypoints", [{"tile": "a1", "height": "h0"}] * (MAX_WAYPOINTS + 1), "waypoints: .*at most 8"),
        ("waypoints", None, "waypoints: .*valid tuple|waypoints: .*valid array"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: object, message: str) -> None:
    with pytest.raises(ReplyError, match=message):
        parse_reply(changed(path, value), WORDS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not one JSON object"),
        ("Sure! " + json.dumps(GOOD), "not one JSON object"),
        (json.dumps(GOOD)[:-20], "not one JSON object"),
        (json.dumps(GOOD) + json.dumps(GOOD), "not one JSON object"),
        ('{"visible": true, "visible": false}', "key 'visible' twice"),
        ("[]", "valid dictionary|object"),
        ("[" * 15_000, "not one JSON object"),
        (" " * 30_000, "30000 characters; want at most 20000"),
    ],
    ids=["empty", "prose", "cut", "two", "twice", "list", "deep", "long"],
)
def test_what_is_no_such_object_is_refused(text: str, message: str) -> None:
    with pytest.raises(ReplyError, match=message):
        parse_reply(text, WORDS)


def test_all_problems_come_at_once() -> None:
    reply = copy.deepcopy(GOOD) | {"target": {"at": "z9", "height": "h8"}}
    with pytest.raises(ReplyError) as caught:
        parse_reply(json.dumps(reply), WORDS)
    told = "; ".join(caught.value.problems)
    assert "'z9'" in told
    assert "'h8'" in told


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=60)
    | st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), st.lists)
)
def test_any_other_text_is_a_reply_error(value: object) -> None:
    with pytest.raises(ReplyError):
        parse_reply(value if isinstance(value, str) else json.dumps(value), WORDS)


def test_the_schema_allows_just_what_the_pictures_show() -> None:
    schema = reply_schema(WORDS)
    parts = schema["$defs"]
    assert parts["GraspPoint"]["properties"]["keypoint"]["enum"] == ["P1", "P2"]
    assert parts["TargetPoint"]["properties"]["at"]["enum"][:5] == ["P1", "P2", "Q1", "Q2", "a1"]
    assert parts["WaypointBlock"]["properties"]["height"]["enum"] == ["h0", "h1", "h2"]
    for part in (schema, *parts.values()):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    assert next(iter(schema["properties"])) == "reasoning"
    assert "default" not in json.dumps(schema)


def test_the_prompt_says_what_is_drawn_and_its_example_is_a_valid_reply() -> None:
    prompt = build_prompt("put the  red peg\ninto the socket", WORDS, HEIGHTS)
    for part in (
        '"put the red peg into the socket"',
        "P1, P2, Q1, Q2",
        "columns a to e",
        "rows 1 to 5",
        "h1 is 5 cm",
    ):
        assert part in prompt.user
    assert "P marks lie on the thing" in prompt.user
    assert example_reply(WORDS) in prompt.user
    assert parse_reply(example_reply(WORDS), WORDS).visible
    assert prompt.sha == build_prompt("put the red peg into the socket", WORDS, HEIGHTS).sha
    assert prompt.sha != build_prompt("put the blue peg into the socket", WORDS, HEIGHTS).sha


def test_without_p_marks_all_can_be_grasped() -> None:
    words = Vocabulary.of(("Q1", "Q2"), Grid(3, 3), HEIGHTS)
    assert words.graspable == ("Q1", "Q2")
    assert "P marks" not in build_prompt("lift it", words, HEIGHTS).user


def test_a_sentence_cannot_leave_its_quotes_or_be_missing() -> None:
    prompt = build_prompt('lift "it" {labels}', WORDS, HEIGHTS)
    assert 'Task: "lift \\"it\\" {labels}"' in prompt.user
    with pytest.raises(ValueError, match="0 characters"):
        build_prompt("  ", WORDS, HEIGHTS)
    with pytest.raises(ValueError, match="no marked point"):
        build_prompt("lift it", Vocabulary.of((), Grid(), HEIGHTS), HEIGHTS)
