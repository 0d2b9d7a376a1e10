"""What may go wrong between a question and its answer; ``kind`` is the name it is counted under."""

from __future__ import annotations

from typing import ClassVar, Self

from robot.core.errors import NudgeError


class VlmError(NudgeError):
    """A question without an answer. Its text never holds a key, a prompt or an image."""

    kind: ClassVar[str] = "vlm"
    may_pass: ClassVar[bool] = False  # the same request may do better a moment later

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s  # what the server asked for
        self.attempts = 0

    def after(self, attempts: int, elapsed_s: float) -> Self:
        """The same error as the caller sees it: with the attempts made and the time they took."""
        self.attempts = attempts
        noun = "attempt" if attempts == 1 else "attempts"
        self.args = (f"{self} ({attempts} {noun} in {elapsed_s:.2f} s)",)
        return self


class Unreachable(VlmError):
    """No connection, or one that broke before the whole response was there."""

    kind = "unreachable"
    may_pass = True


class TimedOut(VlmError):
    """No whole response in time."""

    kind = "timeout"
    may_pass = True


class ServerBusy(VlmError):
    """Status 429."""

    kind = "busy"
    may_pass = True


class ServerFault(VlmError):
    """Status 5xx."""

    kind = "server_fault"
    may_pass = True


class ResponseBroken(VlmError):
    """Status 200 around something that is not a chat completion: no JSON, no choices, no text."""

    kind = "response_broken"
    may_pass = True


class RequestRefused(VlmError):
    """Any other status: the key, the model's name, or the request itself."""

    kind = "refused"

    def __init__(self, message: str, status: int, said: str) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class ReplyInvalid(VlmError):
    """The model's text is not the JSON that was asked for; `problems` is what it is told when asked again."""

    kind = "reply_invalid"

    def __init__(self, message: str, raw: str, problems: str, breaks_schema: bool) -> None:
        super().__init__(message)
        self.raw = raw
        self.problems = problems
        self.breaks_schema = breaks_schema  # in its form: a server that enforces a schema cannot send it


class ReplyCut(VlmError):
    """The model ran into ``max_tokens``."""

    kind = "reply_cut"


class BreakerOpen(VlmError):
    """Not asked: the server failed too often just now."""

    kind = "breaker_open"


class BudgetSpent(VlmError):
    """Not asked: the session's calls or money are used up."""

    kind = "budget_spent"


class Disowned(VlmError):
    """Not asked: the plans of this run were found misleading."""

    kind = "disowned"


class Dropped(VlmError):
    """Not answered, and on purpose: a newer question took its place, or the client was closed."""

    kind = "dropped"


class WorkerFailed(VlmError):
    """A mistake in the program that asks; the traceback is in the log."""

    kind = "worker_failed"
