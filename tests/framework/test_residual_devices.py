"""The same numbers on two devices as on one, and close ones in half precision."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


def learned(devices: int, dtype: str = "float32") -> dict[str, float]:
    flags = f"--xla_force_host_platform_device_count={devices}"
    ran = subprocess.run(
        [sys.executable, "-m", "tests.framework.two_devices", dtype],
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def alone() -> dict[str, float]:
    return learned(1)


def test_two_devices_share_a_batch_and_learn_the_same(alone: dict[str, float]) -> None:
    both = learned(2)
    assert (alone["devices"], both["devices"]) == (1, 2)
    assert both["compiled"] == 1
    for name in ("critic_loss", "actor_loss", "total"):
        assert both[name] == pytest.approx(alone[name], rel=1e-3)


def test_half_precision_learns_nearly_the_same(alone: dict[str, float]) -> None:
    half = learned(1, "bfloat16")
    assert half["critic_loss"] != alone["critic_loss"]
    assert half["critic_loss"] == pytest.approx(alone["critic_loss"], rel=0.1)
