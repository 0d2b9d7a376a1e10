"""One question from the first request to its answer: attempts, waits, the reply's form, one correction."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from random import Random
from typing import Generic, NoReturn

import httpx

from policies.rewards.vlm.account import Account
from policies.rewards.vlm.answer import Answer
from policies.rewards.vlm.capabilities import Capabilities
from policies.rewards.vlm.chat_body import chat_body
from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.endpoint import Endpoint
from policies.rewards.vlm.errors import BudgetSpent, ReplyInvalid, RequestRefused, TimedOut, VlmError
from policies.rewards.vlm.question import Question, T
from policies.rewards.vlm.response import ChatReply, refuse_cut
from policies.rewards.vlm.validation import validated

log = logging.getLogger(__name__)


class Dialogue(Generic[T]):
    """Used once. `known` is what it has found out of the server, also when it fails."""

    def __init__(
        self,
        question: Question[T],
        config: VlmConfig,
        endpoint: Endpoint,
        account: Account,
        known: Capabilities,
        random: Random,
    ) -> None:
        self.known = known
        self._trying = known.for_free_text() if question.is_free else known
        self._question = question
        self._config = config
        self._endpoint = endpoint
        self._account = account
        self._random = random
        self._start_s = time.monotonic()
        self._refused: ReplyInvalid | None = None
        self._tokens = [0, 0]
        self._cost = 0.0

    async def run(self, http: httpx.AsyncClient) -> Answer[T]:
        """The answer, at most `deadline_s` from now; VlmError otherwise."""
        attempt = 1
        while True:
            try:
                reply = await self._negotiated(http)
                return self._answer(reply, self._checked(reply), attempt)
            except VlmError as error:
                self._account.count_failure(error.kind)
                wait_s = self._wait_s(error, attempt)
                again = f"; again in {wait_s:.2f} s"
                log.warning("VLM attempt %d of %d: %s%s", attempt, self._config.attempts, error, again)
                self._refused = error if isinstance(error, ReplyInvalid) else self._refused
            await asyncio.sleep(wait_s)
            attempt += 1

    async def _negotiated(self, http: httpx.AsyncClient) -> ChatReply:
        """A reply in the strictest form that the server takes; steps down only until one was taken."""
        while True:
            try:
                reply = await self._call(http)
            except RequestRefused as error:
                weaker = self._trying.after_refusal(error)
                if weaker is None:
                    raise
                log.warning("VLM server refused this form, another is tried: %s", error)
                self._trying = weaker
            else:
                self._found(self._trying.after_answer())
                return reply

    async def _call(self, http: httpx.AsyncClient) -> ChatReply:
        """One request, within what is left of the deadline."""
        body = chat_body(self._question, self._config, self._trying, self._refused)
        left_s = self._left_s()
        limit_s = min(self._config.attempt_s, left_s)
        self._account.start_call()
        start_s = time.monotonic()
        try:
            async with asyncio.timeout(limit_s):
                reply = await self._endpoint.chat(http, body)
        except TimeoutError:
            raise TimedOut(f"{self._endpoint.where} sent no whole response in {limit_s:.2f} s") from None
        taken, given = reply.input_tokens, reply.output_tokens
        self._cost += self._account.end_call(time.monotonic() - start_s, taken, given)
        self._tokens = [self._tokens[0] + (taken or 0), self._tokens[1] + (given or 0)]
        return reply

    def _checked(self, reply: ChatReply) -> T:
        refuse_cut(reply, self._config.max_tokens)
        try:
            return validated(self._question, reply.text)
        except ReplyInvalid as error:
            if error.breaks_schema:
                self.known = self._trying = self._trying.after_breaking_schema()
            raise

    def _found(self, found: Capabilities) -> None:
        """A free text's answer says nothing of the forms that the server takes."""
        self._trying = found
        known = replace(self.known, token_field=found.token_field)
        self.known = known if self._question.is_free else found

    def _wait_s(self, error: VlmError, attempt: int) -> float:
        """How long to wait before the next attempt; raises ``error`` if there is to be none."""
        correctable = isinstance(error, ReplyInvalid) and self._refused is None
        if attempt >= self._config.attempts or not (error.may_pass or correctable):
            self._give_up(error, attempt)
        wait_s = 0.0 if correctable else self._backoff_s(attempt)
        wait_s = max(wait_s, error.retry_after_s or 0.0)
        left_s = self._left_s()
        if wait_s >= left_s:
            wanted = f"the next attempt would wait {wait_s:.2f} s, {left_s:.2f} s are left of deadline_s"
            log.warning("VLM question given up: %s", wanted)
            self._give_up(error, attempt)
        return wait_s

    def _give_up(self, error: VlmError, attempt: int) -> NoReturn:
        made = attempt - 1 if isinstance(error, BudgetSpent) else attempt
        raise error.after(made, time.monotonic() - self._start_s)

    def _backoff_s(self, attempt: int) -> float:
        """Doubling, and half of it by chance, so that several askers do not come back together."""
        full_s = min(self._config.backoff_max_s, self._config.backoff_s * 2 ** (attempt - 1))
        return full_s * self._random.uniform(0.5, 1.0)

    def _left_s(self) -> float:
        return max(0.0, self._start_s + self._config.deadline_s - time.monotonic())

    def _answer(self, reply: ChatReply, value: T, attempt: int) -> Answer[T]:
        latency_s = time.monotonic() - self._start_s
        taken, given = self._tokens
        return Answer(value, reply.text, reply.model, attempt, latency_s, taken, given, False, self._cost)
