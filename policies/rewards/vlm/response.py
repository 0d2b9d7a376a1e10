"""What a server's HTTP response says: a chat reply, or the error that it stands for."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from policies.rewards.vlm.errors import (
    ReplyCut,
    RequestRefused,
    ResponseBroken,
    ServerBusy,
    ServerFault,
    VlmError,
)

_SHOWN_CHARACTERS = 300
_NEXT_STEPS = {
    401: "check the key in the variable that api_key_env names",
    403: "check the key in the variable that api_key_env names, and what it may use",
    404: "check base_url and model against the list under /models",
    413: "send smaller images",
}


@dataclass(frozen=True)
class HttpResponse:
    """A response read to its end; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class ChatReply:
    """The first choice of a chat completion. Tokens are None where the server gives no usage."""

    text: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    was_cut: bool


def read_chat(response: HttpResponse, where: str, asked_model: str) -> ChatReply:
    """The reply in a response.

    Raises:
        VlmError: the status is not 200 (see `status_error`), or the body is not a chat completion.
    """
    if response.status != 200:
        raise status_error(response, where)
    data = read_json(response, where)
    try:
        choice = data["choices"][0]
        text = _text(choice["message"])
        finish = choice.get("finish_reason")
        usage = data.get("usage") or {}
        taken, given = usage.get("prompt_tokens"), usage.get("completion_tokens")
    except (LookupError, TypeError, AttributeError) as error:
        got = f"{type(error).__name__} {error} in {_shown(response.body)!r}"
        raise ResponseBroken(
            f"{where} sent no chat completion: {got}; want choices[0].message.content"
        ) from None
    return ChatReply(
        text, str(data.get("model") or asked_model), _count(taken), _count(given), finish == "length"
    )


def refuse_cut(reply: ChatReply, max_tokens: int) -> None:
    """Raises ReplyCut for a reply that ran into the limit."""
    if reply.was_cut:
        raise ReplyCut(
            f"the model's reply was cut at {reply.output_tokens or '?'} tokens, max_tokens is {max_tokens}; "
            "raise max_tokens, or ask for a shorter answer"
        )


def read_json(response: HttpResponse, where: str) -> Any:
    """The body as JSON; ResponseBroken if it is not."""
    try:
        return json.loads(response.body)
    except ValueError as error:
        got = f"{len(response.body)} bytes, {_shown(response.body)!r}"
        raise ResponseBroken(f"{where} sent a body that is not JSON ({error}): got {got}") from None


def status_error(response: HttpResponse, where: str) -> VlmError:
    """The error that a status other than 200 stands for."""
    status, said = response.status, _said(response.body)
    message = f"{where} answered {status}: {said}"
    retry_after_s = _retry_after_s(response.headers.get("retry-after", ""))
    if status == 429:
        return ServerBusy(f"{message}; ask less often, or raise the account's rate limit", retry_after_s)
    if status >= 500:
        return ServerFault(f"{message}; look into the server's log", retry_after_s)
    step = _NEXT_STEPS.get(status, "the server does not take this request as it is")
    return RequestRefused(f"{message}; {step}", status, said)


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):  # parts, as some servers send them
        content = "".join(part.get("text", "") for part in content)
    if content is None and message.get("refusal"):
        content = str(message["refusal"])  # no JSON in it: asked once more, then ReplyInvalid shows it
    if not isinstance(content, str):
        raise TypeError(f"content is {type(content).__name__}, want text")
    return content


def _count(tokens: Any) -> int | None:
    return tokens if isinstance(tokens, int) and tokens >= 0 else None


def _said(body: bytes) -> str:
    """The message in an error body, in any of the forms in use; else its start."""
    try:
        data = json.loads(body)
        error = data.get("error", data)
        said = error if isinstance(error, str) else error.get("message") or error.get("detail")
    except (ValueError, AttributeError):
        said = None
    return str(said)[:_SHOWN_CHARACTERS] if said else _shown(body) or "nothing"


def _shown(body: bytes) -> str:
    return body[:_SHOWN_CHARACTERS].decode(errors="replace")


def _retry_after_s(text: str) -> float | None:
    """Seconds from now, from seconds or an HTTP date; None if it is neither."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
