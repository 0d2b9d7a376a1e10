"""A reply that is taken as it comes, for questions whose answers are not JSON: Molmo's XML, bare tuples."""

from __future__ import annotations

from pydantic import BaseModel


class FreeText(BaseModel):
    """``Question.reply`` for a text in the model's own form: no schema is sent, nothing is repaired."""

    text: str
