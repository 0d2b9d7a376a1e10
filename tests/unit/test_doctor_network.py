"""Wrong IP, FCI not enabled: real sockets on loopback, and the fix in the message."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from robot.arms import fci
from robot.doctor.fci import look_at_fci
from robot.doctor.finding import Finding

HERE = "127.0.0.1"


def look(monkeypatch: pytest.MonkeyPatch, host: str, port: int) -> Finding:
    monkeypatch.setattr(fci, "FCI_PORT", port)
    return look_at_fci("arm/left/network", "left", host)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind((HERE, 0))
        server.listen(0)
        yield server


def test_an_arm_that_answers_is_well(monkeypatch: pytest.MonkeyPatch, listener: socket.socket) -> None:
    assert look(monkeypatch, HERE, listener.getsockname()[1]).verdict == "ok"


def test_a_refused_port_is_an_fci_that_is_not_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as reserved:
        reserved.bind((HERE, 0))  # bound, but nobody listens
        finding = look(monkeypatch, HERE, reserved.getsockname()[1])
    assert finding.verdict == "problem"
    assert "FCI is not enabled" in finding.seen
    assert f"https://{HERE}" in finding.seen
    assert "Activate FCI" in finding.seen


def test_no_answer_is_a_wrong_address_or_a_cable(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    monkeypatch.setattr(fci, "_ANSWER_S", 0.2)
    address = listener.getsockname()
    waiting = [socket.socket() for _ in range(4)]  # the queue of a listener that never accepts is soon full
    try:
        for s in waiting:
            s.setblocking(False)
            s.connect_ex(address)
        finding = look(monkeypatch, HERE, address[1])
    finally:
        for s in waiting:
            s.close()
    assert finding.verdict == "problem"
    assert f"no answer from {HERE}:{address[1]} within 0.2 s" in finding.seen
    assert "the cable in the control unit (not in the arm's base)" in finding.seen
    assert f"`ping {HERE}` must answer" in finding.seen


def test_a_name_nobody_knows_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = look(monkeypatch, "no-such-robot.invalid", 1337)
    assert "no address for the name 'no-such-robot.invalid'" in finding.seen
    assert "IP address as `host` in the rig file" in finding.seen
