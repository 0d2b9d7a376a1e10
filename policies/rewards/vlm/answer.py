"""What came back for a question, and what it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from policies.rewards.vlm.question import T


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A validated reply. From the cache it took no attempt and cost nothing, but keeps its tokens."""

    value: T
    raw: str  # the model's text, before any repair
    model: str  # as the server names it
    attempts: int
    latency_s: float  # from the question to here, waits and earlier attempts too
    input_tokens: int  # of all attempts; 0 where the server gives no usage
    output_tokens: int
    cached: bool
    cost: float
