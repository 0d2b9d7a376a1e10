"""What a new user of `pylibfranka` gets wrong, and what the driver says then."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

import pytest

from robot.arms.pylibfranka import PylibfrankaArm
from robot.arms.pylibfranka_config import PylibfrankaConfig
from robot.core.errors import ConfigError, DeviceError
from tests.sdk.franka_sim import FrankaSim

_WAIT_S = 60.0


def test_nobody_there_names_the_next_step() -> None:
    with pytest.raises(DeviceError, match=r"127\.0\.0\.213 .*Activate FCI"):
        PylibfrankaArm("left", PylibfrankaConfig("127.0.0.213", "ignore")).connect()
    with pytest.raises(DeviceError, match=r"no-such-host.invalid.*IP address"):
        PylibfrankaArm("left", PylibfrankaConfig("no-such-host.invalid", "ignore")).connect()


def test_no_realtime_is_an_error_not_a_fallback(franka_sim: FrankaSim) -> None:
    if Path("/sys/kernel/realtime").exists():
        pytest.skip("this kernel is realtime")
    options = PylibfrankaConfig(franka_sim.host)
    with pytest.raises(DeviceError, match="`realtime: ignore` is only for the simulator"):
        PylibfrankaArm("left", options).connect()


def test_another_protocol_version_names_the_other_drivers() -> None:
    host = "127.0.0.214"
    server = socket.create_server((host, 1337))
    answer = threading.Thread(target=_refuse_the_version, args=(server,), daemon=True)
    answer.start()
    with pytest.raises(DeviceError, match=r"a Panda wants the driver `franka` or `frankx`"):
        PylibfrankaArm("left", PylibfrankaConfig(host, "ignore")).connect()
    answer.join(_WAIT_S)
    server.close()


def _refuse_the_version(server: socket.socket) -> None:
    """What a Panda's control unit, FCI version 5, says to a client of version 10."""
    server.accept()[0].close()  # the driver looks first whether anybody is there
    client, _ = server.accept()
    command, number = struct.unpack_from("<II", client.recv(64))
    client.sendall(struct.pack("<IIIBH", command, number, 15, 1, 5))
    client.recv(64)
    client.close()


def test_options_beyond_the_arm_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"speed_mps: got 4.0, want at most the FR3's 3.0"):
        PylibfrankaConfig("x", speed_mps=4.0)
    with pytest.raises(ConfigError, match=r"got 80000 m/s3"):
        PylibfrankaConfig("x", smoothing_s=0.0001)
