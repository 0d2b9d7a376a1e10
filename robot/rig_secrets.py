"""Finds secrets in a rig file: it is committed and copied into every run, so it may hold none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_LOGIN = re.compile(r"://[^/@\s]*@")
_SECRET = re.compile(r"passw|token|secret|api_?key|credential", re.IGNORECASE)
_ADVISED = "://${CAMERA_USER}:${CAMERA_PASSWORD}@"
_VARIABLES = re.compile(r"(\$\{\w+\}|://|[:@])+")  # nothing but names of environment variables


def without_secrets(value: Any, path: str, problems: list[str]) -> Any:
    """``value`` with what looks like a secret masked, because other messages quote what was written.

    Args:
        path: where in the file ``value`` stands.
        problems: gets a line for each secret.
    """
    if isinstance(value, Mapping):
        inner = {k: f"{path}.{k}" if path else str(k) for k in value}
        return {k: without_secrets(v, inner[k], problems) for k, v in value.items()}
    if isinstance(value, list):
        return [without_secrets(v, f"{path}[{i}]", problems) for i, v in enumerate(value)]
    return _masked(value, path, problems) if isinstance(value, str | int) else value


def _masked(value: str | int, path: str, problems: list[str]) -> str | int:
    text, key = str(value), path.rpartition(".")[2]
    login = _LOGIN.search(text)
    if login and not _VARIABLES.fullmatch(login[0]):
        problems.append(f"{path}: a user or password in the address; write {_ADVISED} and export both")
        return _LOGIN.sub(_ADVISED, text)
    if _SECRET.search(key) and not _VARIABLES.fullmatch(text):
        name = re.sub(r"\W", "_", key).upper()
        problems.append(f"{path}: a secret in a file that others read; write ${{{name}}} and export {name}")
        return "***"
    return value
