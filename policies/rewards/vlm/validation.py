"""From a model's text to the value that was asked for."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from policies.rewards.vlm.errors import ReplyInvalid
from policies.rewards.vlm.json_text import find_json
from policies.rewards.vlm.question import Question, T

_SHOWN_PROBLEMS = 5
_SHOWN_CHARACTERS = 120


def validated(question: Question[T], raw: str) -> T:
    """The reply as the question's class; ReplyInvalid says all that is wrong with it."""
    if question.is_free:
        return question.reply.model_validate({"text": raw})
    try:
        return question.reply.model_validate_json(find_json(raw))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        problems = "\n".join(f"- {_problem(d)}" for d in details[:_SHOWN_PROBLEMS])
        raise _invalid(question, raw, problems, any(map(_is_of_form, details))) from None
    except ValueError as error:
        raise _invalid(question, raw, f"- {error}", breaks_schema=True) from None


def _invalid(question: Question[Any], raw: str, problems: str, breaks_schema: bool) -> ReplyInvalid:
    start = raw[:_SHOWN_CHARACTERS] + ("..." if len(raw) > _SHOWN_CHARACTERS else "")
    message = (
        f"the model's reply is not a {question.reply.__name__}:\n{problems}\n  got {start!r}; "
        "try a stronger model, or say the form more plainly in the prompt"
    )
    return ReplyInvalid(message, raw, problems, breaks_schema)


def _problem(detail: Any) -> str:
    place = ".".join(str(part) for part in detail["loc"]) or "the reply"
    return f"{place}: got {str(detail['input'])[:_SHOWN_CHARACTERS]!r}: {detail['msg']}"


def _is_of_form(detail: Any) -> bool:
    """A missing key or a wrong type, which a schema rules out, as against a rule of the class's own."""
    return detail["type"] == "missing" or detail["type"].endswith("_type")
