"""Questions beside a control loop: it is never held up, whatever the server does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from policies.rewards.vlm.answer import Answer
from policies.rewards.vlm.background import Ticket, VlmWorker
from policies.rewards.vlm.client import VlmClient
from policies.rewards.vlm.errors import Dropped, VlmError, WorkerFailed
from policies.rewards.vlm.question import Question
from tests.vlm_servers.asking import IMAGES, QUESTION, RIGHT, Points, hurried, right
from tests.vlm_servers.chat import ChatRequest
from tests.vlm_servers.faulty import Fault, FaultyServer
from tests.vlm_servers.server import Handler, VlmServer

PERIOD_S = 0.01
CLOSE_S = 1.0
PATIENCE_S = 30.0
LASTING = (Fault.HANG, Fault.SLOW_DRIP, Fault.SLOW_HEADERS, Fault.LATENCY)
OUTCOMES = {  # with two attempts
    Fault.ERROR_500: "server_fault",
    Fault.ERROR_503: "server_fault",
    Fault.BUSY_429: "busy",
    Fault.RESET: "unreachable",
    Fault.TRUNCATED_STREAM: "unreachable",
    Fault.MALFORMED_BODY: "response_broken",
    Fault.EMPTY_CHOICES: "response_broken",
    Fault.NO_TEXT: "response_broken",
    Fault.TRUNCATED_JSON: "reply_invalid",
    Fault.MALFORMED_JSON: "reply_invalid",
    Fault.WRAPPED_JSON: "answer",
    Fault.WRONG_SCHEMA: "reply_invalid",
    Fault.CUT: "reply_cut",
    Fault.REFUSES: "refused",
    Fault.ENDLESS: "response_broken",
    Fault.IGNORES_SCHEMA: "answer",
    Fault.REJECTS_SCHEMA: "answer",
    Fault.REJECTS_FORMATS: "answer",
    Fault.WANTS_OTHER_LIMIT: "answer",
    Fault.SWAPPED: "answer",
}


def asking(prompt: str) -> Callable[[VlmClient], Answer[Points]]:
    return lambda client: client.ask(Question(prompt, IMAGES, Points))


class GatedServer(FaultyServer):
    """Holds every request until the gate opens: whoever waits for it before that waits for ever."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault, right, retry_after="3600")
        self.gate = threading.Event()

    def respond(self, handler: Handler, request: ChatRequest, number: int) -> None:
        """As the faulty server, once the gate is open."""
        self.gate.wait(PATIENCE_S)
        super().respond(handler, request, number)


class Control:
    """A loop of 10 ms that polls a ticket, as the actor would."""

    def __init__(self, ticket: Ticket[Answer[Points]]) -> None:
        self.ticket = ticket
        self.longest_s = 0.0

    def tick(self) -> str:
        """The outcome so far, then the rest of the period."""
        start_s = time.monotonic()
        outcome = self._outcome()
        took_s = time.monotonic() - start_s
        self.longest_s = max(self.longest_s, took_s)
        time.sleep(max(0.0, PERIOD_S - took_s))
        return outcome

    def _outcome(self) -> str:
        try:
            return "answer" if self.ticket.poll() else "none yet"
        except VlmError as error:
            return error.kind


def test_every_fault_is_met_here() -> None:
    assert {*LASTING, *OUTCOMES} == set(Fault)


@pytest.mark.parametrize("fault", OUTCOMES, ids=lambda fault: fault.name)
def test_control_ticks_on_while_a_request_is_out_and_learns_how_it_ended(fault: Fault) -> None:
    with GatedServer(fault) as server:
        worker = VlmWorker(hurried(server.base_url, deadline_s=PATIENCE_S, attempts=2))
        control = Control(worker.submit(lambda c: c.ask(QUESTION)))
        assert {control.tick() for _ in range(10)} == {"none yet"}
        server.gate.set()
        while (outcome := control.tick()) == "none yet":
            pass
        worker.close()
    assert outcome == OUTCOMES[fault]
    assert control.longest_s < 0.5  # in a poll; microseconds but for a busy machine


@pytest.mark.parametrize("fault", LASTING, ids=lambda fault: fault.name)
def test_control_ticks_on_beside_a_server_that_does_not_end_and_can_be_closed(fault: Fault) -> None:
    with FaultyServer(fault, right, latency_s=PATIENCE_S) as server:
        worker = VlmWorker(hurried(server.base_url, deadline_s=PATIENCE_S, attempt_s=PATIENCE_S))
        control = Control(worker.submit(lambda c: c.ask(QUESTION)))
        outcomes = {control.tick() for _ in range(20)}
        while server.count == 0:  # a busy machine may not have sent it yet
            control.tick()
        start_s = time.monotonic()
        worker.close()
        assert time.monotonic() - start_s < CLOSE_S + 0.5
        assert control.ticket.wait(PATIENCE_S)
    assert outcomes == {"none yet"}
    assert control.tick() == "dropped"
    assert control.longest_s < 0.5


def test_the_newest_waiting_question_of_a_key_replaces_the_older_one() -> None:
    gate = threading.Event()
    asked: list[str] = []

    def answer(request: ChatRequest) -> str:
        asked.append(request.prompt)
        gate.wait(PATIENCE_S)
        return RIGHT

    with VlmServer(answer) as server:
        worker = VlmWorker(hurried(server.base_url, deadline_s=PATIENCE_S, attempt_s=PATIENCE_S))
        tickets = {"first": worker.submit(asking("first"), "plan")}
        while not asked:
            time.sleep(PERIOD_S)
        for prompt, key in (("old", "plan"), ("other", "check"), ("new", "plan")):
            tickets[prompt] = worker.submit(asking(prompt), key)
        with pytest.raises(Dropped, match="a newer question took the place"):
            tickets["old"].poll()
        gate.set()
        assert all(ticket.wait(PATIENCE_S) for ticket in tickets.values())
        worker.close()
    assert asked == ["first", "new", "other"]
    assert tickets["first"].poll() is not None


def test_what_waits_when_it_is_closed_is_dropped_and_nothing_is_taken_after() -> None:
    with FaultyServer(Fault.HANG, right) as server:
        worker = VlmWorker(hurried(server.base_url, deadline_s=PATIENCE_S, attempt_s=PATIENCE_S))
        tickets = [worker.submit(lambda c: c.ask(QUESTION), key) for key in ("a", "b")]
        worker.close()
        tickets.append(worker.submit(lambda c: c.ask(QUESTION)))
        for ticket in tickets:
            assert ticket.wait(PATIENCE_S)
            with pytest.raises(Dropped):
                ticket.poll()
    worker.close()  # twice is fine


def test_a_mistake_in_the_program_reaches_the_caller_and_the_thread_lives(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with VlmServer(right) as server:
        client = hurried(server.base_url)
        worker = VlmWorker(client)
        with monkeypatch.context() as patch:
            patch.setattr(client, "ask", lambda question: 1 / 0)
            broken = worker.submit(lambda c: c.ask(QUESTION))
            assert broken.wait(PATIENCE_S)
        with pytest.raises(WorkerFailed, match="ZeroDivisionError: division by zero"):
            broken.poll()
        whole = worker.submit(lambda c: c.ask(QUESTION))
        assert whole.wait(PATIENCE_S)
        worker.close()
    assert whole.poll() is not None
    assert "Traceback" in caplog.text
