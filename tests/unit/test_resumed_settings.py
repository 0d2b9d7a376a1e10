"""A run goes on with its own settings only, but the server that it asks may have moved, and for longer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policies.rewards.config import RewardConfig
from policies.rewards.vlm.config import VlmConfig
from robot.core.errors import ConfigError
from robot.session.config import SessionConfig, load_config
from robot.session.job import Job
from robot.session.metrics import read_metrics
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


def test_it_goes_on_for_longer_and_ends_anew(tmp_path: Path) -> None:
    run = tmp_path / "run"
    prepare(run, CONFIG)
    store = Job(run, CONFIG, "final_eval").store_root
    store.mkdir(parents=True)
    (store / "kept").touch()
    longer = replace(CONFIG, online_steps=9000, reward=replace(CONFIG.reward, vlm=THERE))
    for _ in range(2):  # the second time it is the same session
        prepare(run, longer)
    assert load_config(run / "config.json") == longer
    assert not store.exists()
    assert (run / "eval" / "final_eval-6000" / "0" / "kept").exists()
    (row,) = read_metrics(run / "metrics.jsonl")
    assert (row["kind"], row["stage"], row["state"]) == ("stage", "final_eval", "again")


def test_not_for_less_nor_with_other_settings(tmp_path: Path) -> None:
    prepare(tmp_path / "run", CONFIG)
    with pytest.raises(ConfigError, match="online_steps: the run has 6000, got 3000"):
        prepare(tmp_path / "run", replace(CONFIG, online_steps=3000))
    with pytest.raises(ConfigError, match="seed: the run has 0, got 1"):
        prepare(tmp_path / "run", replace(CONFIG, online_steps=9000, seed=1))
    assert load_config(tmp_path / "run" / "config.json") == CONFIG
    assert not (tmp_path / "run" / "metrics.jsonl").exists()
