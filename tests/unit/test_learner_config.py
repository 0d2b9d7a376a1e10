"""Settings of when the learner learns: what is out of range is told at once, with its unit."""

from __future__ import annotations

import pytest

from policies.learner_config import LearnerConfig
from robot.core.errors import ConfigError


def test_every_mistake_is_told() -> None:
    with pytest.raises(ConfigError) as told:
        LearnerConfig(warmup_steps=0, publish_every=-1, memory_gb=0.0)
    text = str(told.value)
    assert "warmup_steps: got 0, want at least 1" in text
    assert "publish_every: got -1, want at least 1" in text
    assert "memory_gb: got 0.0 GB, want more than 0" in text
