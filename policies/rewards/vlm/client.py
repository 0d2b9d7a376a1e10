"""Asks any OpenAI-compatible server: vLLM, Ollama, llama.cpp, SGLang, or a hosted one."""

from __future__ import annotations

import asyncio
import logging
import time
from random import Random
from typing import Any

from policies.rewards.vlm.account import Account
from policies.rewards.vlm.answer import Answer
from policies.rewards.vlm.breaker import Breaker, BreakerState
from policies.rewards.vlm.cache import AnswerCache, CacheEntry, cache_key
from policies.rewards.vlm.capabilities import Capabilities
from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.dialogue import Dialogue
from policies.rewards.vlm.endpoint import Endpoint
from policies.rewards.vlm.errors import BreakerOpen, BudgetSpent, Dropped, ReplyInvalid, TimedOut, VlmError
from policies.rewards.vlm.interruptible import Interruptible
from policies.rewards.vlm.question import Question, T
from policies.rewards.vlm.validation import validated

log = logging.getLogger(__name__)


class VlmClient:
    """Blocks until there is an answer or a reason; see `VlmWorker` for callers that must not wait.

    Raises:
        ConfigError: the variable that should hold the key is not set, or holds no key.
    """

    def __init__(
        self,
        config: VlmConfig,
        cache: AnswerCache | None = None,
        account: Account | None = None,
        random: Random | None = None,
    ) -> None:
        self.config = config
        self.account = account or Account(config)
        self.breaker = Breaker(config.breaker_failures, config.breaker_rest_s, time.monotonic)
        self.capabilities = Capabilities()  # what is known of the server by now
        self._cache = cache
        self._random = random or Random()
        self._endpoint = Endpoint(config)
        self._interruptible = Interruptible()

    def ask(self, question: Question[T]) -> Answer[T]:
        """The answer, from the cache or from the server within the deadline.

        Raises:
            VlmError: the class says why there is none; see ``policies.rewards.vlm.errors``.
        """
        self.account.count("questions")
        key = cache_key(question, self.config) if self._cache else ""
        answer = self._cached(question, key)
        if answer is None:
            answer = self._asked(question)
            self._store(key, answer)
        self.account.count("answered")
        return answer

    def models(self) -> tuple[str, ...]:
        """The models the server lists, to check a configuration; VlmError if it does not answer in time."""
        return self._interruptible.run(self._models())

    def close(self) -> None:
        """Stop what is asked now (its caller gets Dropped), and ask nothing again; does not wait."""
        self._interruptible.close()

    def _asked(self, question: Question[T]) -> Answer[T]:
        if not self.breaker.admit():
            raise self._breaker_open()
        dialogue = Dialogue(
            question, self.config, self._endpoint, self.account, self.capabilities, self._random
        )
        try:
            answer = self._interruptible.run(self._run(dialogue))
        except (BudgetSpent, Dropped) as error:
            self.breaker.abandoned()
            log.warning("VLM question not answered: %s", error)
            raise
        except VlmError as error:
            self._failed(error)
            raise
        except BaseException:
            self.breaker.abandoned()
            raise
        finally:
            self._learn(dialogue.known)
        self._succeeded(answer)
        return answer

    async def _run(self, dialogue: Dialogue[T]) -> Answer[T]:
        async with self._endpoint.open() as http:
            return await dialogue.run(http)

    async def _models(self) -> tuple[str, ...]:
        limit_s = self.config.attempt_s
        try:
            async with asyncio.timeout(limit_s), self._endpoint.open() as http:
                return await self._endpoint.models(http)
        except TimeoutError:
            raise TimedOut(f"{self._endpoint.where} sent no list of models in {limit_s:.2f} s") from None

    def _learn(self, known: Capabilities) -> None:
        if known != self.capabilities:
            log.info("VLM server %s: %s", self._endpoint.where, "; ".join(known.said))
        self.capabilities = known

    def _succeeded(self, answer: Answer[Any]) -> None:
        if self.breaker.state is not BreakerState.CLOSED:
            log.warning("VLM server answers again: %s", self._endpoint.where)
        self.breaker.succeeded()
        log.info("VLM answer in %.2f s after %d attempts", answer.latency_s, answer.attempts)

    def _failed(self, error: VlmError) -> None:
        self.breaker.failed()
        log.error("VLM question failed: %s", error)
        if self.breaker.state is BreakerState.OPEN:
            log.error("VLM server is left alone for %.1f s", self.config.breaker_rest_s)

    def _breaker_open(self) -> BreakerOpen:
        self.account.count_failure(BreakerOpen.kind)
        left_s = self.breaker.rest_left_s
        then = f"it is tried again in {left_s:.1f} s" if left_s > 0 else "another question is trying it now"
        return BreakerOpen(
            f"{self._endpoint.where} failed {self.config.breaker_failures} questions in a row; {then}"
        )

    def _cached(self, question: Question[T], key: str) -> Answer[T] | None:
        start_s = time.monotonic()
        entry = self._cache.get(key) if self._cache else None
        if self._cache is None or entry is None:
            return None
        try:
            value = validated(question, entry.raw)
        except ReplyInvalid as error:  # the class has new rules that its schema does not show
            self._cache.report_damage(key, f"not valid any more: {error.problems}")
            return None
        self.account.count("cache_hits")
        taken, given = entry.input_tokens, entry.output_tokens
        return Answer(value, entry.raw, entry.model, 0, time.monotonic() - start_s, taken, given, True, 0.0)

    def _store(self, key: str, answer: Answer[Any]) -> None:
        if self._cache is not None:
            entry = CacheEntry(answer.raw, answer.model, answer.input_tokens, answer.output_tokens)
            self._cache.put(key, entry)
