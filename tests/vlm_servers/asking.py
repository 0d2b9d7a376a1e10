"""A question about points, its right answer, and a client in a hurry."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from policies.rewards.vlm.cache import AnswerCache
from policies.rewards.vlm.client import VlmClient
from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.question import PNG_SIGNATURE, Question
from tests.vlm_servers.chat import ChatRequest

IMAGES = (PNG_SIGNATURE + b"top", PNG_SIGNATURE + b"side")
RIGHT = json.dumps({"points": [{"x": 3, "y": 4}], "note": "a peg, {upright}, as seen"})


class Point(BaseModel):
    """Pixels."""

    model_config = ConfigDict(extra="forbid")
    x: float = Field(ge=0, lt=640)
    y: float = Field(ge=0, lt=480)


class Points(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid")
    points: list[Point] = Field(min_length=1)
    note: str


QUESTION = Question("Where is the peg?", IMAGES, Points)


def right(request: ChatRequest) -> str:
    """The right answer, whatever is asked."""
    return RIGHT


def hurried(base_url: str, cache: Path | None = None, **changes: Any) -> VlmClient:
    """A client whose waits are hundredths of a second."""
    short: dict[str, Any] = {"deadline_s": 5.0, "attempt_s": 5.0, "backoff_s": 0.01, "backoff_max_s": 0.02}
    config = VlmConfig(base_url, "test-vlm", **(short | changes))
    return VlmClient(config, cache=AnswerCache(cache) if cache else None, random=Random(0))
