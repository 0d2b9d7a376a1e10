"""JSON is taken out of a model's text, and never completed."""

from __future__ import annotations

import json

import pytest

from policies.rewards.vlm.json_text import find_json

WANT = {"a": [1, 2], "b": "x, } {"}
JSON = json.dumps(WANT)


@pytest.mark.parametrize(
    "text",
    [
        JSON,
        f"\n {JSON} \n",
        f"```json\n{JSON}\n```",
        f"Here:\n```\n{JSON}\n```\nand that is all {{really}}.",
        f"The answer is {JSON}, I think.",
        f'<think>Maybe {{"a": 1}}, no.</think>\n{JSON}',
        '{"a": [1, 2,], "b": "x, } {",\n}',
        f"{JSON} and again {JSON}",
        'say \n```json\n{"a": [1, 2,],\n "b": "x, } {"}\n```',
    ],
)
def test_what_is_found(text: str) -> None:
    assert json.loads(find_json(text)) == WANT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no complete JSON"),
        ("nothing of the kind", "no complete JSON"),
        (JSON[:-1], "no complete JSON"),
        (f"```json\n{JSON[:-2]}\n```", "no complete JSON"),
        ("{'a': 1}", "no complete JSON"),
        ('{"a": 1 "b": 2}', "no complete JSON"),
        ('{"a": NaN}', "no complete JSON"),
        ('{"a": 1, "a": 2}', "no complete JSON"),
        ('either {"a": 1} or {"a": 2}', "2 JSON objects that differ"),
        ('```\n{"a": 1}\n```\n```\n{"a": 2}\n```', "2 JSON objects that differ"),
    ],
)
def test_what_is_not_guessed(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        find_json(text)


def test_brackets_too_deep_for_a_parser_are_no_json() -> None:
    with pytest.raises(ValueError, match="no complete JSON"):
        find_json("[" * 100_000)


def test_commas_inside_strings_stay() -> None:
    assert json.loads(find_json('{"a": "1,}", "b": [",]",],}')) == {"a": "1,}", "b": [",]"]}


def test_a_whole_array_stays_an_array() -> None:
    assert json.loads(find_json('```json\n[{"point": [1, 2]}]\n```')) == [{"point": [1, 2]}]
