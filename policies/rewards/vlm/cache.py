"""Answers on disk: the same images, prompt, model, form and decoding are never paid for twice."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.question import Question

log = logging.getLogger(__name__)

_VERSION = 1  # of an entry's form, and of what the key is made from


@dataclass(frozen=True)
class CacheEntry:
    """A reply that was found valid when it was stored."""

    raw: str
    model: str
    input_tokens: int
    output_tokens: int


def cache_key(question: Question[Any], config: VlmConfig) -> str:
    """Sixty-four hex digits over all that the answer depends on."""
    parts = {
        "version": _VERSION,
        "images": [hashlib.sha256(image).hexdigest() for image in question.images],
        "prompt": question.prompt,
        "model": config.model,
        "schema": question.reply.model_json_schema(),
        "decoding": [config.temperature, config.seed, config.max_tokens],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class AnswerCache:
    """One JSON file an answer, named for its key; several processes may share the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.damaged = 0  # entries found unreadable so far

    def get(self, key: str) -> CacheEntry | None:
        """The entry; None if there is none, or it is damaged, which is logged."""
        try:
            data = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.report_damage(key, str(error))
            return None
        try:
            return _decode(data, key)
        except (ValueError, KeyError, TypeError) as error:
            self.report_damage(key, f"{type(error).__name__}: {error}")
            return None

    def put(self, key: str, entry: CacheEntry) -> None:
        """Store whole or not at all. A full disk costs the entry, not the answer: it is logged."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_encode(entry, key))
                os.replace(name, self._path(key))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            log.warning("VLM cache: entry not stored in %s: %s; free or mount the disk", self._folder, error)

    def report_damage(self, key: str, reason: str) -> None:
        """Count and log an entry that cannot be used; the next answer replaces it."""
        self.damaged += 1
        log.warning("VLM cache: damaged entry %s ignored, the server is asked: %s", self._path(key), reason)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"


def _encode(entry: CacheEntry, key: str) -> bytes:
    body = asdict(entry)
    return json.dumps({"version": _VERSION, "key": key, "entry": body, "sha256": _digest(body)}).encode()


def _decode(data: bytes, key: str) -> CacheEntry:
    stored = json.loads(data)
    if (stored["version"], stored["key"]) != (_VERSION, key):
        raise ValueError(f"an entry of version {stored['version']} for {stored['key']}")
    if stored["sha256"] != _digest(stored["entry"]):
        raise ValueError("its checksum does not fit")
    return CacheEntry(**stored["entry"])


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
