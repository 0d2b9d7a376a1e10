"""What HTTP responses stand for, in the forms that servers in use give them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from policies.rewards.vlm.errors import RequestRefused, ResponseBroken, ServerBusy, ServerFault, VlmError
from policies.rewards.vlm.response import HttpResponse, read_chat, status_error

WHERE = "http://lab/v1"


def ok(**changes: Any) -> HttpResponse:
    message = {"role": "assistant", "content": "{}"} | changes.pop("message", {})
    choice = {"message": message, "finish_reason": changes.pop("finish_reason", "stop")}
    body = {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}} | changes
    return HttpResponse(200, {}, json.dumps(body).encode())


def test_a_usual_reply() -> None:
    reply = read_chat(ok(model="m-2026"), WHERE, "m")
    assert (reply.text, reply.model, reply.was_cut) == ("{}", "m-2026", False)
    assert (reply.input_tokens, reply.output_tokens) == (7, 3)


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (ok(message={"content": [{"type": "text", "text": "{"}, {"type": "text", "text": "}"}]}), "{}"),
        (ok(message={"content": None, "refusal": "I cannot."}), "I cannot."),
        (ok(message={"content": "{}", "reasoning_content": "hm"}), "{}"),
    ],
)
def test_other_places_for_the_text(response: HttpResponse, text: str) -> None:
    assert read_chat(response, WHERE, "m").text == text


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "completion_tokens": "3"}])
def test_without_usage_tokens_are_unknown(usage: object) -> None:
    reply = read_chat(ok(usage=usage), WHERE, "m")
    assert (reply.input_tokens, reply.output_tokens) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices": null}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": 3}]}',
    ],
)
def test_a_body_that_is_no_completion(body: bytes) -> None:
    with pytest.raises(ResponseBroken, match=WHERE):
        read_chat(HttpResponse(200, {}, body), WHERE, "m")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, ServerBusy), (500, ServerFault), (503, ServerFault), (400, RequestRefused), (302, RequestRefused)],
)
def test_which_error_a_status_is(status: int, kind: type[VlmError]) -> None:
    error = status_error(HttpResponse(status, {}, b"because"), WHERE)
    assert type(error) is kind
    assert f"{WHERE} answered {status}: because;" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "too long", "type": "x"}},  # OpenAI, vLLM, llama.cpp
        {"error": "too long"},  # Ollama
        {"object": "error", "message": "too long", "code": 400},  # older vLLM, SGLang
        {"detail": "too long"},  # FastAPI
    ],
)
def test_where_servers_say_what_was_wrong(body: dict[str, object]) -> None:
    error = status_error(HttpResponse(422, {}, json.dumps(body).encode()), WHERE)
    assert "answered 422: too long;" in str(error)


def test_retry_after_in_seconds_a_date_or_nonsense() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    waits = [
        status_error(HttpResponse(429, {"retry-after": text}, b""), WHERE).retry_after_s
        for text in ("7", date, "soon", "-3", "nan")
    ]
    assert waits == [7.0, pytest.approx(600, abs=60), None, 0.0, None]
