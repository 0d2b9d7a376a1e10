"""A question as the JSON body of ``POST /v1/chat/completions``."""

from __future__ import annotations

import base64
import json
from typing import Any

from policies.rewards.vlm.capabilities import Capabilities, ReplyFormat
from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.errors import ReplyInvalid
from policies.rewards.vlm.question import Question

_LONGEST_REPEAT = 4000  # characters of a refused reply that are shown to the model again


def chat_body(
    question: Question[Any], config: VlmConfig, known: Capabilities, refused: ReplyInvalid | None = None
) -> dict[str, Any]:
    """The body, with the refused reply and what was wrong with it where there is one."""
    if question.is_free:
        return _body(config, known, _messages(question.prompt, question.images))
    schema = question.reply.model_json_schema()
    words = _schema_in_words(schema)
    prompt = question.prompt + (f"\n\n{words}" if known.wants_schema_in_prompt else "")
    messages = _messages(prompt, question.images)
    if refused is not None:
        messages += _correction(refused, words)
    form = _response_format(known.reply_format, question.reply.__name__, schema)
    return _body(config, known, messages) | form


def _messages(prompt: str, images: tuple[bytes, ...]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": _parts(prompt, images)}]


def _body(config: VlmConfig, known: Capabilities, messages: list[dict[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {"model": config.model, "messages": messages, known.token_field: config.max_tokens}
    body |= {"temperature": config.temperature} if config.temperature is not None else {}
    return body | ({"seed": config.seed} if config.seed is not None else {})


def _parts(prompt: str, images: tuple[bytes, ...]) -> list[dict[str, Any]]:
    urls = [f"data:image/png;base64,{base64.b64encode(image).decode()}" for image in images]
    pictures = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [*pictures, {"type": "text", "text": prompt}]


def _schema_in_words(schema: dict[str, Any]) -> str:
    return (
        f"Answer with one JSON object and nothing else. It must match this JSON schema:\n{json.dumps(schema)}"
    )


def _correction(refused: ReplyInvalid, words: str) -> list[dict[str, Any]]:
    complaint = f"That reply cannot be used:\n{refused.problems}\n{words}"
    return [
        {"role": "assistant", "content": refused.raw[:_LONGEST_REPEAT]},
        {"role": "user", "content": complaint},
    ]


def _response_format(reply_format: ReplyFormat, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if reply_format is ReplyFormat.TEXT:
        return {}
    form: dict[str, Any] = {"type": reply_format.value}
    if reply_format is ReplyFormat.JSON_SCHEMA:
        form["json_schema"] = {"name": name, "schema": schema, "strict": _is_closed(schema)}
    return {"response_format": form}


def _is_closed(node: Any) -> bool:
    """Every object requires all its keys and takes no other: only then do hosted servers take strict."""
    if isinstance(node, list):
        return all(_is_closed(item) for item in node)
    if not isinstance(node, dict):
        return True
    if node.get("type") == "object":
        keys = set(node.get("properties", {}))
        if node.get("additionalProperties") is not False or keys != set(node.get("required", ())):
            return False
    return all(_is_closed(item) for item in node.values())
