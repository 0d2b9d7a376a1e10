"""Wrong IP, FCI not enabled: real sockets on loopback, and the fix in the message."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from robot.doctor.fci import look_at_fci

HERE = "127.0.0.1"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind((HERE, 0))
        server.listen(0)
        yield server


def test_an_arm_that_answers_is_well(listener: socket.socket) -> None:
    assert look_at_fci("arm/left", HERE, listener.getsockname()[1]).verdict == "ok"


def test_a_refused_port_is_an_fci_that_is_not_enabled() -> None:
    with socket.socket() as reserved:
        reserved.bind((HERE, 0))  # bound, but nobody listens
        finding = look_at_fci("arm/left", HERE, reserved.getsockname()[1])
    assert finding.verdict == "problem"
    assert "the FCI is not enabled" in finding.seen
    assert f"https://{HERE}" in finding.next_step
    assert "Activate FCI" in finding.next_step


def test_no_answer_is_a_wrong_address_or_a_cable(listener: socket.socket) -> None:
    address = listener.getsockname()
    waiting = [socket.socket() for _ in range(4)]  # the queue of a listener that never accepts is soon full
    try:
        for s in waiting:
            s.setblocking(False)
            s.connect_ex(address)
        finding = look_at_fci("arm/left", HERE, address[1], timeout_s=0.2)
    finally:
        for s in waiting:
            s.close()
    assert finding.verdict == "problem"
    assert "wrong IP address or cable" in finding.seen
    assert "no answer within 0.2 s" in finding.seen
    assert "same subnet" in finding.next_step


def test_a_name_nobody_knows_is_told_as_such() -> None:
    finding = look_at_fci("arm/left", "no-such-robot.invalid")
    assert "no address for the name 'no-such-robot.invalid'" in finding.seen
    assert "IP address" in finding.next_step
