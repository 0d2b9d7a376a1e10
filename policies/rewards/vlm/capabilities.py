"""How a server lets itself be held to a reply's form: found out with the first question, then known.

Probing with the question itself, not with a toy request, tests the very schema and images that will be sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from policies.rewards.vlm.errors import RequestRefused

_FORM_STATUSES = (400, 415, 422)  # what servers answer to a setting they do not know


class ReplyFormat(Enum):
    """From the strictest down; the value is the ``type`` of the API's response_format."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    TEXT = "text"


_NEXT = {ReplyFormat.JSON_SCHEMA: ReplyFormat.JSON_OBJECT, ReplyFormat.JSON_OBJECT: ReplyFormat.TEXT}


@dataclass(frozen=True)
class Capabilities:
    """What is known of one server and model; ``said`` is the evidence, for the report."""

    reply_format: ReplyFormat = ReplyFormat.JSON_SCHEMA
    proven: bool = False  # a request in this form was answered
    ignores_schema: bool = False  # took the schema and sent something else
    token_field: str = "max_tokens"
    said: tuple[str, ...] = ()

    @property
    def wants_schema_in_prompt(self) -> bool:
        """Nothing but the prompt tells the model of the form."""
        return self.ignores_schema or self.reply_format is not ReplyFormat.JSON_SCHEMA

    def for_free_text(self) -> Capabilities:
        """The same for a question without a form: there is nothing to step down from."""
        return replace(self, reply_format=ReplyFormat.TEXT)

    def after_refusal(self, error: RequestRefused) -> Capabilities | None:
        """What to try next; None if the refusal is not about the form."""
        said = (*self.said, f"{self.reply_format.value}: {error.status}, {error.said}")
        if error.status not in _FORM_STATUSES:
            return None
        if self.token_field == "max_tokens" and "max_completion_tokens" in error.said:
            return replace(self, token_field="max_completion_tokens", said=said)
        if self.proven or self.reply_format not in _NEXT:
            return None
        return replace(self, reply_format=_NEXT[self.reply_format], said=said)

    def after_answer(self) -> Capabilities:
        """The same once a request in this form was answered."""
        if self.proven:
            return self
        return replace(self, proven=True, said=(*self.said, f"{self.reply_format.value}: accepted"))

    def after_breaking_schema(self) -> Capabilities:
        """The same once a reply broke the schema the server had accepted."""
        if self.wants_schema_in_prompt:
            return self
        said = f"{self.reply_format.value}: accepted, and not kept to"
        return replace(self, ignores_schema=True, said=(*self.said, said))
