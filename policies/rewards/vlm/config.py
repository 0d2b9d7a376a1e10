"""Which server and model to ask, how long to wait, and what it may cost."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from robot.core.errors import ConfigError

_POSITIVE = ("deadline_s", "attempt_s", "backoff_s", "backoff_max_s", "breaker_rest_s")
_COUNTS = ("attempts", "breaker_failures", "max_tokens", "budget_calls")
_PRICES = ("input_price", "output_price")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class VlmConfig:
    """Money is in whatever currency the prices are.

    Raises:
        ConfigError: every value that cannot be. Nothing that may be a key is repeated in it.
    """

    base_url: str  # up to and with /v1
    model: str
    api_key_env: str | None = None  # the variable that holds the key, never the key
    deadline_s: float = 60.0  # for the whole question: every attempt and every wait
    attempt_s: float = 30.0  # for one request; less if the deadline is nearer
    attempts: int = 3
    backoff_s: float = 0.5  # before the second attempt; doubled for each further one ...
    backoff_max_s: float = 8.0  # ... up to this
    breaker_failures: int = 3  # failed questions in a row: the server is left alone ...
    breaker_rest_s: float = 30.0  # ... for as long
    max_tokens: int = 1024  # of one reply
    temperature: float | None = 0.0  # None: not sent, for models that take none
    seed: int | None = 0  # None: not sent
    input_price: float = 0.0  # of a million tokens
    output_price: float = 0.0
    budget_calls: int = 1000  # HTTP requests in one session, failed ones too
    budget_cost: float | None = None  # in one session

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems, "vlm")

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """What so many tokens cost."""
        return (input_tokens * self.input_price + output_tokens * self.output_price) / 1e6

    def _problems(self) -> Iterator[str]:
        yield from _url_problems(self.base_url)
        if not self.model.strip():
            yield "model: got an empty name, want the one the server lists under /v1/models"
        if self.api_key_env is not None and not _VARIABLE.fullmatch(self.api_key_env):
            yield (
                f"api_key_env: got {len(self.api_key_env)} characters that are no variable's name; want the "
                "name of the environment variable that holds the key, such as VLM_API_KEY, not the key"
            )
        yield from self._number_problems()

    def _number_problems(self) -> Iterator[str]:
        for name in _POSITIVE:
            if not (math.isfinite(value := getattr(self, name)) and value > 0):
                yield f"{name}: got {value}, want seconds above 0"
        for name in _COUNTS:
            if (value := getattr(self, name)) < 1:
                yield f"{name}: got {value}, want at least 1"
        for name in _PRICES:
            if not (math.isfinite(value := getattr(self, name)) and value >= 0):
                yield f"{name}: got {value}, want 0 or more for a million tokens"
        if self.temperature is not None and not 0 <= self.temperature <= 2:
            yield f"temperature: got {self.temperature}, want 0 to 2, or none"
        yield from self._budget_problems()

    def _budget_problems(self) -> Iterator[str]:
        if self.budget_cost is None:
            return
        if not (math.isfinite(self.budget_cost) and self.budget_cost > 0):
            yield f"budget_cost: got {self.budget_cost}, want a finite number above 0, or none"
        if self.input_price == self.output_price == 0:
            yield "budget_cost: never spent while both prices are 0; set input_price and output_price"


def _url_problems(url: str) -> Iterator[str]:
    example = "want such as http://localhost:8000/v1"
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known, parts = False, urlsplit("")
    if "@" in url or parts.query or parts.fragment:
        yield f"base_url: holds a user, password, query or fragment, {example} and the key in api_key_env"
    elif not known:
        yield f"base_url: got {url!r}, {example}"
