"""A run goes on with its own settings only, but the server that it asks may have moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policies.rewards.config import RewardConfig
from policies.rewards.vlm.config import VlmConfig
from robot.core.errors import ConfigError
from robot.session.config import SessionConfig, load_config
from robot.session.session import prepare

HERE = VlmConfig("http://127.0.0.1:8000/v1", "m")
THERE = VlmConfig("http://10.0.0.7:8000/v1", "m")
CONFIG = SessionConfig(task="lift_state", reward=RewardConfig("shaped", vlm=HERE))


def test_the_server_may_be_another_one(tmp_path: Path) -> None:
    prepare(tmp_path / "run", CONFIG)
    moved = replace(CONFIG, reward=replace(CONFIG.reward, vlm=THERE))
    prepare(tmp_path / "run", moved)
    assert load_config(tmp_path / "run" / "config.json") == moved


def test_the_rule_may_not(tmp_path: Path) -> None:
    prepare(tmp_path / "run", CONFIG)
    with pytest.raises(ConfigError, match="reward"):
        prepare(tmp_path / "run", replace(CONFIG, reward=replace(CONFIG.reward, rule="kagi")))
    assert load_config(tmp_path / "run" / "config.json") == CONFIG
