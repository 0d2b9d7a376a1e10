"""What a new user gets wrong between unboxing the arm and its first state."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from robot.arms.franka import FrankaArm, FrankaConfig
from robot.core.errors import DeviceError
from tests.sdk.franka_sim import FrankaSim

pytest.importorskip("franka", reason="franka-rs is not installed: pip install 'nudge[franka]'")

_NOBODY = "127.9.1.1"
_OTHER = "127.9.1.2"
_HEADER = struct.Struct("<III")  # command, id, size


def _refusal(config: FrankaConfig) -> str:
    with pytest.raises(DeviceError) as caught:
        FrankaArm("left", config).connect()
    return str(caught.value)


@contextmanager
def _fake_control_unit(reply: bytes) -> Iterator[None]:
    """Answers every request's header with itself and `reply`."""
    with socket.create_server((_OTHER, 1337)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        asked = client.recv(_HEADER.size)
                        if len(asked) == _HEADER.size:
                            command, request, size = _HEADER.unpack(asked)
                            client.recv(size - _HEADER.size)
                            client.sendall(_HEADER.pack(command, request, _HEADER.size + len(reply)) + reply)
                            client.recv(1)  # until the other side has read it and closes

        threading.Thread(target=serve, daemon=True).start()
        yield
        server.shutdown(socket.SHUT_RDWR)


def test_fci_not_enabled() -> None:
    said = _refusal(FrankaConfig(_NOBODY, realtime="ignore"))
    assert f"arm 'left': {_NOBODY} answers, but refuses port 1337" in said
    assert "Activate FCI" in said


def test_name_without_an_address() -> None:
    assert "no address for the name" in _refusal(FrankaConfig("no-such-arm.invalid", realtime="ignore"))


def test_nobody_answers() -> None:
    with socket.create_server((_OTHER, 1337), backlog=1), socket.socket() as a, socket.socket() as b:
        for waiting in (a, b):  # with its queue full, the address swallows every further attempt
            waiting.setblocking(False)
            waiting.connect_ex((_OTHER, 1337))
        said = _refusal(FrankaConfig(_OTHER, realtime="ignore"))
    assert "no answer" in said
    assert f"ping {_OTHER}" in said


def test_another_system_version() -> None:
    with _fake_control_unit(struct.pack("<BH5x", 1, 3)):  # incompatible; the server's version
        said = _refusal(FrankaConfig(_OTHER, realtime="ignore"))
    assert "server version: 3" in said
    assert "update it in Desk" in said


@pytest.mark.skipif(Path("/sys/kernel/realtime").exists(), reason="this kernel is a real-time one")
def test_no_realtime_kernel_is_never_ignored_by_itself() -> None:
    with _fake_control_unit(b""):
        said = _refusal(FrankaConfig(_OTHER))
    assert "PREEMPT_RT" in said
    assert "simulator only" in said


def test_the_other_generation(franka_sim: FrankaSim) -> None:
    said = _refusal(FrankaConfig(franka_sim.host, robot="panda", realtime="ignore"))
    assert "`robot: fr3`" in said or "Incompatible" in said


def test_the_extra_is_named_when_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "franka", None)
    assert "pip install 'nudge[franka]'" in _refusal(FrankaConfig(_NOBODY))
