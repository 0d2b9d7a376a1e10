"""Errors a user can act on: each message says what failed, got against wanted, and the next step."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class NudgeError(Exception):
    """Base of every error that Nudge raises on purpose."""


class ConfigError(NudgeError):
    """One or more problems in a configuration, all reported at once."""

    def __init__(self, problems: Sequence[str], where: str = "config") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        lines = "\n".join(f"  {i}. {p}" for i, p in enumerate(self.problems, 1))
        super().__init__(f"{count} {noun} in {where}:\n{lines}")


class UnknownName(NudgeError, KeyError):
    """A name that is not registered; the message offers the nearest one.

    A KeyError too, so that ``in`` and ``get`` work on a Registry as on any mapping.
    """

    def __init__(self, kind: str, got: str, known: Iterable[str]) -> None:
        self.known = sorted(known)
        super().__init__(f"unknown {kind} {got!r}{nearest_hint(got, self.known)}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would quote it


class SpecMismatch(NudgeError):
    """Data or weights that do not fit the spec they are offered to."""


class CodecError(NudgeError):
    """Bytes that are not a whole message of a known version."""


class WeightsRefused(NudgeError):
    """Weights that must not reach the running policy; the reason is the message."""


class StaleSample(NudgeError):
    """A sensor sample older than its topic allows."""


class DeviceError(NudgeError):
    """A device that cannot be used: the message names it, what is wrong, and the next step."""


class DeviceLost(DeviceError):
    """A device that was there and stopped answering; the node holds, reports it and tries again."""


class RenderingUnavailable(NudgeError):
    """The twin cannot draw: a GL library is missing."""


class StoreError(NudgeError):
    """Episode data that could not be written or read; nothing already stored is touched."""


def nearest_hint(got: str, known: Sequence[str]) -> str:
    """``"; did you mean 'x'? Known: ..."`` for an error message."""
    near = difflib.get_close_matches(got, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    return f"{hint} Known: {', '.join(known)}"
