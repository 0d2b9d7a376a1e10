"""Every fault a server can have: what the caller sees, what it costs, what the log says."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from policies.rewards.vlm.errors import (
    ReplyCut,
    ReplyInvalid,
    ResponseBroken,
    ServerBusy,
    ServerFault,
    TimedOut,
    Unreachable,
    VlmError,
)
from tests.vlm_servers.asking import QUESTION, RIGHT, hurried, right
from tests.vlm_servers.faulty import Fault, FaultyServer

SLACK_S = 1.5  # a busy machine's


def seconds_since(start_s: float) -> float:
    return time.monotonic() - start_s


@pytest.mark.parametrize(
    ("fault", "error", "requests", "says"),
    [
        (Fault.ERROR_500, ServerFault, 3, "answered 500: CUDA out of memory"),
        (Fault.ERROR_503, ServerFault, 3, "answered 503: the model is being loaded"),
        (Fault.RESET, Unreachable, 3, "cannot be asked"),
        (Fault.TRUNCATED_STREAM, Unreachable, 3, "cannot be asked"),
        (Fault.MALFORMED_BODY, ResponseBroken, 3, "'<html>gateway</html>'"),
        (Fault.EMPTY_CHOICES, ResponseBroken, 3, "want choices[0].message.content"),
        (Fault.NO_TEXT, ResponseBroken, 3, "content is NoneType, want text"),
        (Fault.ENDLESS, ResponseBroken, 3, "sent more than 524288 bytes"),
        (Fault.TRUNCATED_JSON, ReplyInvalid, 2, "got no complete JSON object"),
        (Fault.MALFORMED_JSON, ReplyInvalid, 2, "got 'x = 3; y = 4'"),
        (Fault.WRONG_SCHEMA, ReplyInvalid, 2, "points: got"),
        (Fault.CUT, ReplyCut, 1, "max_tokens is 1024"),
    ],
)
def test_a_lasting_fault_ends_in_its_own_error(
    fault: Fault, error: type[VlmError], requests: int, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    with FaultyServer(fault, right) as server:
        client = hurried(server.base_url)
        with pytest.raises(error) as caught:
            client.ask(QUESTION)
    assert type(caught.value) is error
    assert (server.count, caught.value.attempts) == (requests, requests)
    assert says in str(caught.value)
    report = client.account.report()
    assert (report.calls, report.failures) == (requests, {error.kind: requests})
    retried = [r for r in caplog.messages if "again in" in r]
    assert len(retried) == requests - 1
    assert f"VLM question failed: {caught.value}" in caplog.messages


@pytest.mark.parametrize(
    "fault",
    [
        Fault.ERROR_500,
        Fault.ERROR_503,
        Fault.RESET,
        Fault.TRUNCATED_STREAM,
        Fault.MALFORMED_BODY,
        Fault.EMPTY_CHOICES,
        Fault.NO_TEXT,
        Fault.MALFORMED_JSON,
        Fault.WRONG_SCHEMA,
    ],
)
def test_a_passing_fault_is_gone_at_the_second_attempt(
    fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    with FaultyServer(fault, right, times=1) as server:
        answer = hurried(server.base_url).ask(QUESTION)
    assert (server.count, answer.attempts, answer.raw) == (2, 2, RIGHT)
    assert "VLM attempt 1 of 3" in caplog.text


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.SLOW_DRIP, Fault.SLOW_HEADERS, Fault.LATENCY])
def test_the_deadline_holds_whatever_the_server_does(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    with FaultyServer(fault, right, latency_s=30.0) as server:
        client = hurried(server.base_url, deadline_s=0.4, attempt_s=0.4)
        start_s = time.monotonic()
        with pytest.raises(TimedOut, match=r"no whole response in 0\.\d+ s"):
            client.ask(QUESTION)
        assert 0.3 < seconds_since(start_s) < 0.4 + SLACK_S
    assert server.count == 1
    assert "VLM question failed" in caplog.text


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.SLOW_DRIP])
def test_a_request_that_hangs_leaves_time_for_another(fault: Fault) -> None:
    with FaultyServer(fault, right, times=1) as server:
        answer = hurried(server.base_url, attempt_s=0.3).ask(QUESTION)
    assert (server.count, answer.attempts) == (2, 2)
    assert answer.latency_s > 0.3


def test_a_late_answer_within_the_deadline_counts() -> None:
    with FaultyServer(Fault.LATENCY, right, latency_s=0.3) as server:
        answer = hurried(server.base_url).ask(QUESTION)
    assert (server.count, answer.attempts) == (1, 1)
    assert answer.latency_s >= 0.3


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    with FaultyServer(Fault.BUSY_429, right, times=1, retry_after="0.3") as server:
        answer = hurried(server.base_url).ask(QUESTION)
    assert (server.count, answer.attempts) == (2, 2)
    assert answer.latency_s >= 0.3  # backoff_s alone would be 0.01


def test_no_waiting_for_a_time_beyond_the_deadline(caplog: pytest.LogCaptureFixture) -> None:
    with FaultyServer(Fault.BUSY_429, right, retry_after="60") as server:
        start_s = time.monotonic()
        with pytest.raises(ServerBusy, match="429: Rate limit reached"):
            hurried(server.base_url).ask(QUESTION)
        assert seconds_since(start_s) < SLACK_S
    assert server.count == 1
    assert "would wait 60.00 s" in caplog.text


def test_a_name_that_is_looked_up_for_ever_does_not_hold_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopping = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: stopping.wait(30.0) and [])
    start_s = time.monotonic()
    with pytest.raises(TimedOut):
        hurried("http://lab.invalid:8000/v1", deadline_s=0.3).ask(QUESTION)
    assert seconds_since(start_s) < 0.3 + SLACK_S
    stopping.set()


def test_nobody_listens() -> None:
    with FaultyServer(Fault.HANG, right) as server:
        url = server.base_url
    with pytest.raises(Unreachable, match="see that the server runs there"):
        hurried(url).ask(QUESTION)


def test_json_in_prose_is_taken_out_and_commas_put_right() -> None:
    with FaultyServer(Fault.WRAPPED_JSON, right) as server:
        answer = hurried(server.base_url).ask(QUESTION)
    assert (server.count, answer.value.points[0].x) == (1, 3)
    assert answer.raw.startswith("Sure!")


def test_swapped_axes_pass_a_form_check_and_are_the_callers_to_find() -> None:
    with FaultyServer(Fault.SWAPPED, right) as server:
        point = hurried(server.base_url).ask(QUESTION).value.points[0]
    assert (point.x, point.y) == (4, 3)


def test_a_server_that_dies_later_answers_until_then() -> None:
    with FaultyServer(Fault.ERROR_500, right, after=2) as server:
        client = hurried(server.base_url, attempts=1)
        assert [client.ask(QUESTION).attempts for _ in range(2)] == [1, 1]
        with pytest.raises(ServerFault):
            client.ask(QUESTION)
