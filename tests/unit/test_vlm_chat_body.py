"""Questions in the form the API has for them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from policies.rewards.vlm.capabilities import Capabilities, ReplyFormat
from policies.rewards.vlm.chat_body import chat_body
from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.errors import ReplyInvalid
from policies.rewards.vlm.question import PNG_SIGNATURE, Question

CONFIG = VlmConfig("http://lab/v1", "m", temperature=0.5, seed=3, max_tokens=9)
IMAGE = PNG_SIGNATURE + b"pixels"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    x: float


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inner: list[Inner]


class WithDefault(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inner: list[Inner] = []


class OpenInside(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inner: WithDefault


def body(reply: type[BaseModel] = Closed, **known: Any) -> dict[str, Any]:
    return chat_body(Question("Where?", (IMAGE,), reply), CONFIG, Capabilities(**known))


def test_images_come_first_and_whole() -> None:
    picture, text = body()["messages"][0]["content"]
    assert text == {"type": "text", "text": "Where?"}
    head, _, data = picture["image_url"]["url"].partition(",")
    assert (picture["type"], head) == ("image_url", "data:image/png;base64")
    assert base64.b64decode(data) == IMAGE


def test_the_settings_of_the_configuration() -> None:
    sent = body(token_field="max_completion_tokens")
    assert (sent["model"], sent["temperature"], sent["seed"]) == ("m", 0.5, 3)
    assert sent["max_completion_tokens"] == 9
    assert "max_tokens" not in sent


@pytest.mark.parametrize(("reply", "strict"), [(Closed, True), (WithDefault, False), (OpenInside, False)])
def test_strict_only_where_a_hosted_server_takes_it(reply: type[BaseModel], strict: bool) -> None:
    form = body(reply)["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"] == {
        "name": reply.__name__,
        "schema": reply.model_json_schema(),
        "strict": strict,
    }


def test_weaker_forms_say_the_schema_in_the_prompt() -> None:
    loose = body(reply_format=ReplyFormat.JSON_OBJECT)
    plain = body(reply_format=ReplyFormat.TEXT)
    assert loose["response_format"] == {"type": "json_object"}
    assert "response_format" not in plain
    for sent in (loose, plain, body(ignores_schema=True)):
        assert '"additionalProperties": false' in sent["messages"][0]["content"][-1]["text"]


def test_a_refused_reply_goes_back_shortened_with_its_problems() -> None:
    refused = ReplyInvalid("", raw="x" * 5000, problems="- inner: missing", breaks_schema=True)
    sent = chat_body(Question("Where?", (), Closed), CONFIG, Capabilities(), refused)
    _, given, complaint = sent["messages"]
    assert given == {"role": "assistant", "content": "x" * 4000}
    assert complaint["role"] == "user"
    assert "- inner: missing" in complaint["content"]
