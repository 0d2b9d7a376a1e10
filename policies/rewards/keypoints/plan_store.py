"""The plans of a run on disk: each written once, and what people say against them beside it."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from policies.replay.durable import disk_error, fsync, write_file
from policies.rewards.keypoints.camera_model import CameraModelError, PinholeCamera
from policies.rewards.keypoints.camera_numbers import from_numbers, to_numbers
from policies.rewards.keypoints.plan import KeypointPlan, PlanError
from robot.core.errors import StoreError, UnknownName

log = logging.getLogger(__name__)
_VETOES = "vetoes.jsonl"


@dataclass(frozen=True)
class Veto:
    """A person's word that a plan must not reward any step, and has not."""

    plan_id: str
    reason: str
    who: str
    when_ns: int


class PlanStore:
    """A folder with ``0001.json``, its cameras and pictures, .. a version each, and ``vetoes.jsonl``."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def write(self, plan: KeypointPlan) -> Path:
        """Store a plan through a power cut, whole or not at all; a version that is there is never replaced.

        Raises StoreError for that, and when the disk refuses.
        """
        target = self._folder / f"{plan.version:04d}.json"
        aside = self._folder / f".{plan.version:04d}.{plan.id}.{os.getpid()}.tmp"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            aside.write_text(plan.to_json())
            fsync(aside)
            self._link(aside, target)
            fsync(self._folder)
        except OSError as error:
            raise disk_error(target, error) from error
        finally:
            with suppress(OSError):  # where nothing could be written there is nothing to take away
                aside.unlink()
        return target

    def keep_scene(
        self, version: int, cameras: Mapping[str, PinholeCamera], pictures: Mapping[str, bytes]
    ) -> None:
        """Store the models of the cameras that a plan was made from, and JPEGs of it for people to look at.

        StoreError when the disk refuses. To be called before `write`, so that no plan is without them.
        """
        numbers = json.dumps({name: to_numbers(c) for name, c in cameras.items()}).encode()
        write_file(self._cameras(version), numbers)
        for name, data in pictures.items():
            write_file(self._folder / f"{version:04d}.{name}.jpg", data)

    def cameras(self, version: int) -> Mapping[str, PinholeCamera]:
        """Those that plan was made from; StoreError where they were not kept, or are damaged."""
        path = self._cameras(version)
        try:
            return {name: from_numbers(c) for name, c in json.loads(path.read_text()).items()}
        except FileNotFoundError as error:
            raise StoreError(
                f"{path} is missing: the run was recorded by a version that kept no cameras; record it again"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError, CameraModelError) as error:
            raise StoreError(f"{path} is damaged ({error}); restore it from a copy of the run") from error

    def plans(self) -> tuple[KeypointPlan, ...]:
        """All, by version. StoreError names a file that was changed or damaged."""
        return tuple(self._read(path) for path in self._files())

    def read(self, plan_id: str) -> KeypointPlan:
        """The plan of that id, vetoed or not; UnknownName where there is none."""
        known = {plan.id: plan for plan in self.plans()}
        if plan_id not in known:
            raise UnknownName("plan", plan_id, known)
        return known[plan_id]

    def next_version(self) -> int:
        """One more than the newest, from 1."""
        return max((int(path.stem) for path in self._files()), default=0) + 1

    def veto(self, plan_id: str, reason: str, who: str, when_ns: int) -> Veto:
        """Record a veto for good; the plan's file stays as it is. UnknownName for a plan that is not here."""
        record = Veto(self.read(plan_id).id, reason, who, when_ns)
        self._record([record])
        return record

    def veto_all(self, reason: str, who: str, when_ns: int) -> int:
        """Veto every plan that is not vetoed yet, at once; how many that were."""
        before = {v.plan_id for v in self.vetoes()}
        records = [Veto(p.id, reason, who, when_ns) for p in self.plans() if p.id not in before]
        self._record(records)
        return len(records)

    def _record(self, records: Sequence[Veto]) -> None:
        path = self._folder / _VETOES
        lines = [json.dumps(dataclasses.asdict(record)).encode() + b"\n" for record in records]
        try:
            with path.open("ab") as file:
                # What a power cut left of a line never was a veto: its caller did not come back.
                file.truncate(len(_whole_lines(path.read_bytes())))
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())
            fsync(self._folder)
        except OSError as error:
            raise disk_error(path, error) from error

    @property
    def vetoes_size(self) -> int:
        """Bytes of the vetoes' file, which only ever grows: a cheap way to see whether there is news."""
        path = self._folder / _VETOES
        return path.stat().st_size if path.exists() else 0

    def vetoes(self) -> tuple[Veto, ...]:
        """In the order they were given; StoreError for a line that is damaged."""
        path = self._folder / _VETOES
        content = path.read_bytes() if path.exists() else b""
        whole = _whole_lines(content)
        if whole != content:
            log.warning("%s ends in a line cut off by a crash: ignored, give that veto again", path)
        try:
            return tuple(Veto(**json.loads(line)) for line in whole.splitlines())
        except (ValueError, TypeError) as error:
            raise StoreError(
                f"{path} is damaged ({error}); restore it, as vetoed plans would count again"
            ) from error

    def _link(self, aside: Path, target: Path) -> None:
        try:
            os.link(
                aside, target
            )  # unlike a rename it fails where there is one, also for two writers at once
        except FileExistsError as error:
            raise StoreError(
                f"{target} already holds a plan of that version; plans are never replaced: "
                f"give the new one version {self.next_version()}"
            ) from error

    def _cameras(self, version: int) -> Path:
        return self._folder / f"{version:04d}.cameras.json"

    def _files(self) -> list[Path]:
        return sorted(p for p in self._folder.glob("*.json") if p.stem.isdigit())

    def _read(self, path: Path) -> KeypointPlan:
        try:
            return KeypointPlan.from_json(path.read_bytes())
        except PlanError as error:
            raise StoreError(f"{path}: {error}; restore it from a copy of the run") from error


def _whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]
