"""The one reply that a model may give, and what is wrong with any other."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from policies.rewards.keypoints.vocabulary import MAX_WAYPOINTS, NOT_VISIBLE, Vocabulary, require_known
from robot.core.errors import NudgeError

SCHEMA_VERSION = 1  # goes into the key of cached replies
MAX_REASONING = 600
_MAX_REPLY = 20_000
_FENCED = re.compile(r"\A\s*```(?:json)?\s*(.*?)```\s*\Z", re.DOTALL)


class ReplyError(NudgeError):
    """A reply that is not the JSON object that was asked for; ``problems`` says all that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("the model's reply cannot be used: " + "; ".join(problems))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class GraspPoint(_Strict):
    """Which marked point to grasp, and how high it is."""

    keypoint: str
    height: str


class WaypointBlock(_Strict):
    """A place to pass through: above a tile of the top view, at a height line of the side view."""

    tile: str
    height: str


class TargetPoint(_Strict):
    """Where it ends: at a marked point or a tile, at a height line."""

    at: str
    height: str


class PlanReply(_Strict):
    """Grasp, waypoints in order, target; or that the thing to be grasped, or the target, is not visible."""

    words: ClassVar[Vocabulary | None] = None  # of the pictures it is about; see `reply_about`

    reasoning: str = Field(default="", max_length=MAX_REASONING)
    visible: bool
    grasp: GraspPoint | None
    waypoints: tuple[WaypointBlock, ...] = Field(max_length=MAX_WAYPOINTS)
    target: TargetPoint | None
    confidence: float = Field(ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.visible and (self.grasp is None or self.target is None):
            raise ValueError(f"grasp and target are needed unless visible is false ({NOT_VISIBLE})")
        if not self.visible and (self.grasp or self.target or self.waypoints):
            raise ValueError("visible is false, so grasp and target must be null and waypoints empty")
        return self

    @model_validator(mode="after")
    def _named(self, info: ValidationInfo) -> Self:
        words = info.context if isinstance(info.context, Vocabulary) else self.words
        if words is None:
            raise TypeError("validate a reply with its Vocabulary as context, or as `reply_about` it")
        problems = [p for p in _unknown_names(self, words) if p]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def reply_about(words: Vocabulary) -> type[PlanReply]:
    """The reply that may name what these pictures show and nothing else, in its schema and its checks."""

    class Reply(PlanReply):
        @classmethod
        def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
            return reply_schema(words)

    Reply.words = words
    Reply.__name__ = PlanReply.__name__
    return Reply


def parse_reply(text: str, vocabulary: Vocabulary) -> PlanReply:
    """The reply in ``text``: JSON alone, or in one code fence. ReplyError lists all that is wrong with it."""
    if len(text) > _MAX_REPLY:
        raise ReplyError([f"{len(text)} characters; want at most {_MAX_REPLY}"])
    fenced = _FENCED.match(text)
    body = fenced.group(1) if fenced else text
    _require_plain_json(body)
    try:
        return PlanReply.model_validate_json(body, context=vocabulary)
    except ValidationError as error:
        raise ReplyError([_readable(e) for e in error.errors()]) from error


def reply_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """JSON schema of the reply for a server's ``response_format``, the names as enums.

    All keys are required and no others allowed, as strict modes want it; reasoning comes first so that a
    model that writes in order thinks before it answers.
    """
    schema = PlanReply.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        part["required"] = list(part["properties"])
        for value in part["properties"].values():
            value.pop("default", None)
    parts = schema["$defs"]
    parts["GraspPoint"]["properties"]["keypoint"]["enum"] = list(vocabulary.graspable)
    parts["WaypointBlock"]["properties"]["tile"]["enum"] = list(vocabulary.tiles)
    parts["TargetPoint"]["properties"]["at"]["enum"] = list(vocabulary.targets)
    for name in ("GraspPoint", "WaypointBlock", "TargetPoint"):
        parts[name]["properties"]["height"]["enum"] = list(vocabulary.heights)
    return schema


def _unknown_names(reply: PlanReply, words: Vocabulary) -> list[str]:
    named = [("tile", block.tile, words.tiles) for block in reply.waypoints]
    named += [("height line", block.height, words.heights) for block in reply.waypoints]
    if reply.grasp:
        named.append(("grasp keypoint", reply.grasp.keypoint, words.graspable))
        named.append(("height line", reply.grasp.height, words.heights))
    if reply.target:
        named.append(("target", reply.target.at, words.targets))
        named.append(("height line", reply.target.height, words.heights))
    return [_problem(*n) for n in named]


def _problem(kind: str, name: str, known: tuple[str, ...]) -> str:
    try:
        require_known(kind, name, known)
    except ValueError as error:
        return str(error)
    return ""


def _require_plain_json(body: str) -> None:
    """JSON proper: no key twice, where parsers disagree on which one counts, and no NaN."""
    try:
        json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ReplyError([f"not one JSON object: {error}"]) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [k for k, _ in pairs]
    twice = sorted({k for k in keys if keys.count(k) > 1})
    if twice:
        raise ValueError(f"key {twice[0]!r} twice")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _readable(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
