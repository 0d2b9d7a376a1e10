"""A VLM configuration is refused with all that is wrong, and with nothing that may be a key."""

from __future__ import annotations

from typing import Any

import pytest

from policies.rewards.vlm.config import VlmConfig
from robot.core.config import from_dict
from robot.core.errors import ConfigError

URL = "http://localhost:8000/v1"


def test_two_names_are_enough() -> None:
    config = from_dict(VlmConfig, {"base_url": URL, "model": "qwen3-vl"})
    assert config.temperature == 0.0
    assert config.cost(1_000_000, 1_000_000) == 0.0


def test_cost_is_by_the_million() -> None:
    config = VlmConfig(URL, "m", input_price=2.0, output_price=8.0)
    assert config.cost(500_000, 250_000) == pytest.approx(3.0)


def test_every_mistake_is_reported() -> None:
    with pytest.raises(ConfigError) as caught:
        VlmConfig("localhost:8000", " ", deadline_s=-1, attempts=0, temperature=3, input_price=-1, seed=None)
    starts = [problem.partition(":")[0] for problem in caught.value.problems]
    assert starts == [
        "base_url",
        "model",
        "deadline_s",
        "attempts",
        "input_price",
        "temperature",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "https://user:hunter2@host/v1"},
        {"base_url": "https://host/v1?key=hunter2"},
        {"base_url": "ftp://user:hunter2@host"},
        {"api_key_env": "sk-hunter2"},
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_not_repeated(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        from_dict(VlmConfig, {"base_url": URL, "model": "m"} | changes)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "http://", "http://host:99999/v1", "file:///v1"])
def test_an_address_that_cannot_be(url: str) -> None:
    with pytest.raises(ConfigError, match="want such as http://localhost:8000/v1"):
        VlmConfig(url, "m")


def test_a_budget_of_money_needs_a_price() -> None:
    with pytest.raises(ConfigError, match="never spent while both prices are 0"):
        VlmConfig(URL, "m", budget_cost=1.0)
    assert VlmConfig(URL, "m", budget_cost=1.0, output_price=1.0).budget_cost == 1.0
