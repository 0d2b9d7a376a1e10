"""Questions whose answers are no JSON: asked without a form, taken as they come."""

from __future__ import annotations

import pytest

from policies.rewards.vlm.capabilities import ReplyFormat
from policies.rewards.vlm.errors import RequestRefused
from policies.rewards.vlm.free_text import FreeText
from policies.rewards.vlm.question import Question
from tests.vlm_servers.asking import IMAGES, QUESTION, hurried, right
from tests.vlm_servers.faulty import Fault, FaultyServer
from tests.vlm_servers.server import VlmServer

TAG = '<point x="61.5" y="40.4" alt="peg">peg</point>'
FREE = Question("Point at the peg.", IMAGES, FreeText)


def test_a_text_is_asked_for_without_a_form_and_kept_as_it_is() -> None:
    with VlmServer(lambda _: TAG) as server:
        client = hurried(server.base_url)
        answer = client.ask(FREE)
    (request,) = server.requests
    assert (answer.value.text, answer.raw) == (TAG, TAG)
    assert (request.reply_format, request.turns) == ("text", ("Point at the peg.",))


def test_it_says_nothing_of_the_forms_that_the_server_takes() -> None:
    with FaultyServer(
        Fault.REJECTS_SCHEMA, lambda r: right(r) if r.reply_format != "text" else TAG
    ) as server:
        client = hurried(server.base_url)
        client.ask(FREE)
        assert client.capabilities.reply_format is ReplyFormat.JSON_SCHEMA
        assert not client.capabilities.proven
        assert client.ask(QUESTION).value.points[0].x == 3
        assert client.capabilities.reply_format is ReplyFormat.JSON_OBJECT
        assert client.ask(FREE).value.text == TAG
    assert [r.reply_format for r in server.requests] == ["text", "json_schema", "json_object", "text"]


def test_the_other_name_of_the_token_limit_is_learned_once() -> None:
    with FaultyServer(Fault.WANTS_OTHER_LIMIT, lambda _: TAG) as server:
        client = hurried(server.base_url)
        assert [client.ask(FREE).value.text for _ in range(2)] == [TAG, TAG]
    assert server.count == 3


def test_a_refusal_is_not_taken_for_one_of_the_form() -> None:
    with FaultyServer(Fault.REFUSES, right) as server, pytest.raises(RequestRefused):
        hurried(server.base_url).ask(FREE)
    assert server.count == 1
