"""A chat request as a server sees it, and what it may reply."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

FORMATS = ("text", "json_object", "json_schema")


class BadRequest(Exception):
    """What a real server would answer with status 400."""


@dataclass(frozen=True)
class ChatRequest:
    """A request that was found to be well formed."""

    prompt: str  # the first message's text
    images: tuple[bytes, ...]  # decoded from their data URLs
    reply_format: str  # one of FORMATS
    schema: dict[str, Any] | None  # with json_schema
    model: str
    turns: tuple[str, ...]  # the text of each message; more than one when a reply was sent back
    settings: dict[str, Any]  # all else: max_tokens, temperature, seed


@dataclass(frozen=True)
class Reply:
    """What goes into the chat completion; usage None leaves it out."""

    content: Any
    finish_reason: str = "stop"
    usage: dict[str, int] | None = field(
        default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    )


Answer = Callable[[ChatRequest], str | Reply]


def read_chat_request(body: Any) -> ChatRequest:
    """The request in a decoded body; BadRequest if it is not as the OpenAI API has it."""
    _require(isinstance(body, dict) and isinstance(body.get("model"), str), "model: missing")
    messages = body.get("messages") or []
    _require(isinstance(messages, list) and bool(messages), "messages: want a list, not empty")
    roles = [m.get("role") for m in messages]
    _require(set(roles) <= {"system", "user", "assistant"}, f"messages: roles {roles}")
    reply_format, schema = _read_format(body.get("response_format", {"type": "text"}))
    known = {"model", "messages", "response_format"}
    settings = {name: value for name, value in body.items() if name not in known}
    images = tuple(_image(p) for m in messages for p in _parts(m) if p["type"] == "image_url")
    turns = tuple(_text(m) for m in messages)
    return ChatRequest(turns[0], images, reply_format, schema, body["model"], turns, settings)


def completion(reply: str | Reply, model: str) -> dict[str, Any]:
    """The body of a chat completion."""
    reply = reply if isinstance(reply, Reply) else Reply(reply)
    message = {"role": "assistant", "content": reply.content}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": model}
    return body | {"choices": [choice]} | ({"usage": reply.usage} if reply.usage else {})


def _read_format(given: Any) -> tuple[str, dict[str, Any] | None]:
    kind = given.get("type") if isinstance(given, dict) else None
    _require(kind in FORMATS, f"response_format: got {given!r}, want a type of {FORMATS}")
    if kind != "json_schema":
        return str(kind), None
    inner = given.get("json_schema") or {}
    fits = isinstance(inner, dict) and bool(inner.get("name")) and isinstance(inner.get("schema"), dict)
    _require(fits, "response_format.json_schema: want a name and a schema")
    return "json_schema", inner["schema"]


def _parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or [])


def _text(message: dict[str, Any]) -> str:
    return "".join(part["text"] for part in _parts(message) if part["type"] == "text")


def _image(part: dict[str, Any]) -> bytes:
    kind, _, data = part["image_url"]["url"].partition(";base64,")
    _require(kind == "data:image/png", f"image_url: got {kind[:40]!r}, want a data URL of a PNG")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise BadRequest(f"image_url: {error}") from None


def _require(fits: bool, otherwise: str) -> None:
    if not fits:
        raise BadRequest(otherwise)
