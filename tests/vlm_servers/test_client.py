"""What a client sends, what it learns of the server, what it keeps to itself."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from policies.rewards.vlm.breaker import Breaker, BreakerState
from policies.rewards.vlm.capabilities import ReplyFormat
from policies.rewards.vlm.client import VlmClient
from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.errors import (
    BreakerOpen,
    BudgetSpent,
    Dropped,
    ReplyInvalid,
    RequestRefused,
    ServerFault,
)
from policies.rewards.vlm.question import Question
from robot.core.errors import ConfigError
from tests.vlm_servers.asking import IMAGES, QUESTION, RIGHT, Points, hurried, right
from tests.vlm_servers.faulty import Fault, FaultyServer
from tests.vlm_servers.server import NOBODY, VlmServer

KEY = "sk-very-secret-7"


def test_what_is_sent_arrives_and_what_comes_back_is_told() -> None:
    with VlmServer(right) as server:
        client = hurried(server.base_url, input_price=10.0, output_price=50.0, max_tokens=77, seed=5)
        answer = client.ask(QUESTION)
        assert client.models() == ("test-vlm",)
    (request,) = server.requests
    assert (request.prompt, request.images) == ("Where is the peg?", IMAGES)
    assert (request.reply_format, request.schema) == ("json_schema", Points.model_json_schema())
    assert request.settings == {"max_tokens": 77, "temperature": 0.0, "seed": 5}
    assert answer.value == Points.model_validate_json(RIGHT)
    assert (answer.model, answer.attempts, answer.cached) == ("test-vlm", 1, False)
    assert (answer.input_tokens, answer.output_tokens) == (100, 20)
    assert answer.cost == pytest.approx(100 * 10e-6 + 20 * 50e-6)
    report = client.account.report()
    assert (report.calls, report.answered, report.unmetered_calls, report.failures) == (1, 1, 0, {})
    assert report.cost == pytest.approx(answer.cost)


def test_settings_a_model_does_not_take_can_be_left_out() -> None:
    with VlmServer(right) as server:
        hurried(server.base_url, temperature=None, seed=None).ask(QUESTION)
    assert server.requests[0].settings == {"max_tokens": 1024}


@pytest.mark.parametrize(
    ("fault", "tried", "said"),
    [
        (Fault.REJECTS_SCHEMA, ["json_schema", "json_object"], "json_schema: 400, response_format.type"),
        (Fault.REJECTS_FORMATS, ["json_schema", "json_object", "text"], "json_object: 400, unknown field"),
    ],
)
def test_the_form_is_negotiated_once(
    fault: Fault, tried: list[str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with FaultyServer(fault, right) as server:
        client = hurried(server.base_url)
        assert client.ask(QUESTION).attempts == 1
        client.ask(QUESTION)
    assert [r.reply_format for r in server.requests] == [*tried, tried[-1]]
    assert "JSON schema" not in server.requests[0].prompt
    assert '"minItems": 1' in server.requests[-1].prompt  # now only words can tell the form
    assert client.capabilities.reply_format is ReplyFormat(tried[-1])
    assert any(line.startswith(said) for line in client.capabilities.said)
    assert client.capabilities.said[-1] == f"{tried[-1]}: accepted"
    learned = f"VLM server {server.base_url}: {'; '.join(client.capabilities.said)}"
    assert caplog.messages.count(learned) == 1


def test_a_schema_taken_and_ignored_is_caught_and_said_in_words_from_then_on() -> None:
    with FaultyServer(Fault.IGNORES_SCHEMA, right) as server:
        client = hurried(server.base_url)
        answers = [client.ask(QUESTION) for _ in range(2)]
    assert ([a.attempts for a in answers], server.count) == ([2, 1], 3)
    assert client.capabilities.ignores_schema
    assert client.capabilities.said[-1] == "json_schema: accepted, and not kept to"
    assert answers[0].input_tokens == 200  # of both attempts


def test_a_server_of_the_newer_name_for_max_tokens() -> None:
    with FaultyServer(Fault.WANTS_OTHER_LIMIT, right) as server:
        hurried(server.base_url).ask(QUESTION)
    assert [r.reply_format for r in server.requests] == ["json_schema"] * 2
    assert "max_completion_tokens" in server.requests[1].settings


def test_a_wrong_reply_is_sent_back_with_what_is_wrong_once() -> None:
    wrong = json.dumps({"points": [{"x": 3, "y": 4000}], "note": ""})
    with VlmServer(lambda request: wrong) as server:
        client = hurried(server.base_url)
        with pytest.raises(ReplyInvalid, match=r"points\.0\.y: got '4000': Input should be less than 480"):
            client.ask(QUESTION)
    first, second = server.requests
    assert len(first.turns) == 1
    assert second.turns[1] == wrong
    assert "points.0.y: got '4000'" in second.turns[2]
    assert not client.capabilities.ignores_schema  # the form was right, a value was not


def test_one_attempt_means_no_correction() -> None:
    with FaultyServer(Fault.WRONG_SCHEMA, right) as server, pytest.raises(ReplyInvalid):
        hurried(server.base_url, attempts=1).ask(QUESTION)
    assert server.count == 1


def test_a_refusal_of_everything_is_not_taken_for_a_missing_form() -> None:
    with FaultyServer(Fault.REFUSES, right, times=3) as server:
        client = hurried(server.base_url)
        with pytest.raises(RequestRefused, match="400: this model takes no images"):
            client.ask(QUESTION)
        assert client.capabilities.reply_format is ReplyFormat.JSON_SCHEMA
        client.ask(QUESTION)
    formats = [r.reply_format for r in server.requests]
    assert formats == ["json_schema", "json_object", "text", "json_schema"]
    assert client.account.report().failures == {"refused": 1}


def test_a_model_the_server_has_not() -> None:
    with VlmServer(right) as server:
        client = VlmClient(VlmConfig(server.base_url, "another-model"))
        with pytest.raises(RequestRefused, match="`another-model` does not exist") as caught:
            client.ask(QUESTION)
    assert (caught.value.status, caught.value.attempts) == (404, 1)
    assert client.account.report().calls == 1


def test_the_key_is_sent_and_stays_out_of_every_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TEST_VLM_KEY", KEY)
    with VlmServer(right, api_key=KEY) as server:
        assert hurried(server.base_url, api_key_env="TEST_VLM_KEY").ask(QUESTION).attempts == 1
    with VlmServer(right, api_key="another") as server, pytest.raises(RequestRefused) as caught:
        hurried(server.base_url, api_key_env="TEST_VLM_KEY").ask(QUESTION)
    assert "Incorrect API key provided: ***" in str(caught.value)
    assert KEY not in str(caught.value) + caught.value.said + caplog.text


def test_a_key_that_is_not_there_is_said_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_VLM_KEY", raising=False)
    with pytest.raises(ConfigError, match="TEST_VLM_KEY is not in the environment; export it"):
        hurried(NOBODY, api_key_env="TEST_VLM_KEY")


def test_a_key_that_cannot_be_one_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_VLM_KEY", f"{KEY}\n{KEY}")
    with pytest.raises(ConfigError, match="characters that no key has") as caught:
        hurried(NOBODY, api_key_env="TEST_VLM_KEY")
    assert KEY not in str(caught.value)


def test_a_server_on_this_machine_is_not_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with VlmServer(right) as server:
        assert hurried(server.base_url).ask(QUESTION).attempts == 1


def test_a_question_is_paid_for_once(tmp_path: Path) -> None:
    with VlmServer(right) as server:
        first = hurried(server.base_url, cache=tmp_path).ask(QUESTION)
        client = hurried(server.base_url, cache=tmp_path)
        again = client.ask(QUESTION)
        client.ask(Question("And the hole?", IMAGES, Points))
    assert server.count == 2
    assert (again.value, again.raw, again.cached) == (first.value, first.raw, True)
    assert (again.attempts, again.cost, client.account.report().cache_hits) == (0, 0.0, 1)


def test_a_cached_answer_needs_no_server(tmp_path: Path) -> None:
    with VlmServer(right) as server:
        client = hurried(server.base_url, cache=tmp_path)
        client.ask(QUESTION)
    assert client.ask(QUESTION).cached


def test_an_entry_damaged_on_disk_is_asked_for_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with VlmServer(right) as server:
        client = hurried(server.base_url, cache=tmp_path)
        client.ask(QUESTION)
        (entry,) = tmp_path.iterdir()
        entry.write_bytes(entry.read_bytes().replace(b"upright", b"leaning"))
        assert not client.ask(QUESTION).cached
        assert client.ask(QUESTION).cached
    assert server.count == 2
    assert "damaged entry" in caplog.text
    assert "its checksum does not fit" in caplog.text


def test_the_breaker_leaves_a_dead_server_alone_and_finds_it_again(caplog: pytest.LogCaptureFixture) -> None:
    with FaultyServer(Fault.ERROR_500, right, times=2) as server:
        client = hurried(server.base_url, attempts=1, breaker_failures=2, breaker_rest_s=3600.0)
        for _ in range(2):
            with pytest.raises(ServerFault):
                client.ask(QUESTION)
        with pytest.raises(BreakerOpen, match=r"failed 2 questions in a row; it is tried again in 3\d\d\d"):
            client.ask(QUESTION)
        assert (server.count, client.breaker.state) == (2, BreakerState.OPEN)
        assert "VLM server is left alone for 3600.0 s" in caplog.text
        clock_s = [0.0]
        client.breaker = Breaker(1, 3600.0, lambda: clock_s[0])
        client.breaker.failed()
        clock_s[0] = 3600.0
        assert client.ask(QUESTION).attempts == 1
    assert client.breaker.state is BreakerState.CLOSED
    assert "VLM server answers again" in caplog.text


def test_the_budget_of_calls_counts_failed_ones_too() -> None:
    with FaultyServer(Fault.ERROR_500, right) as server:
        client = hurried(server.base_url, budget_calls=2, breaker_failures=1)
        with pytest.raises(BudgetSpent, match="2 calls made, budget_calls is 2") as caught:
            client.ask(QUESTION)
    assert (server.count, caught.value.attempts) == (2, 2)
    assert client.breaker.state is BreakerState.CLOSED  # not the server's fault


def test_the_budget_of_money_ends_calls_and_not_the_cache(tmp_path: Path) -> None:
    with VlmServer(right) as server:
        client = hurried(server.base_url, cache=tmp_path, input_price=1e6, budget_cost=50.0)
        client.ask(QUESTION)
        with pytest.raises(BudgetSpent, match=r"100\.0000 spent, budget_cost is 50\.0"):
            client.ask(Question("And the hole?", IMAGES, Points))
        assert client.ask(QUESTION).cached
    assert server.count == 1


def test_a_closed_client_asks_nothing() -> None:
    with VlmServer(right) as server:
        client = hurried(server.base_url)
        client.close()
        with pytest.raises(Dropped):
            client.ask(QUESTION)
    assert server.count == 0
