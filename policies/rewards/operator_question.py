"""The scene that a person is asked to click keypoints in, on disk between the session and their window."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from policies.replay.durable import write_file, write_folder
from policies.rewards.keypoints import encoded
from policies.rewards.keypoints.camera_model import CameraModelError
from policies.rewards.keypoints.camera_numbers import from_numbers, to_numbers
from policies.rewards.keypoints.pointed import PointedAt
from policies.rewards.keypoints.question import TwoViews, View
from robot.core.errors import StoreError

_QUESTION, _ANSWER = "question.json", "answer.json"


@dataclass(frozen=True, eq=False)
class OperatorQuestion(TwoViews):
    """What is to be clicked, in which views, and why nobody else can say."""

    sentence: str
    why: str


@dataclass(frozen=True, eq=False)
class Clicks:
    """What a person answered."""

    operator: str
    points: PointedAt


class OperatorDesk:
    """A folder with at most one question and its answer; the question stays until the next one is put."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    @property
    def waiting(self) -> bool:
        """A question is open."""
        return (self.folder / _QUESTION).exists() and not (self.folder / _ANSWER).exists()

    @property
    def answered_s(self) -> float | None:
        """When the answer was given, unix time; None while there is none."""
        path = self.folder / _ANSWER
        return path.stat().st_mtime if path.exists() else None

    def ask(self, question: OperatorQuestion) -> None:
        """Put a question in the place of the last one; StoreError when the disk refuses."""
        views = (question.top, question.side)
        said = {
            "sentence": question.sentence,
            "why": question.why,
            "views": [{"name": v.name, **to_numbers(v.camera)} for v in views],
        }
        files = {f"{v.name}.png": encoded.png(v.frame) for v in views}
        self.clear()
        write_folder(self.folder, {**files, _QUESTION: json.dumps(said, indent=1).encode()})

    def clear(self) -> None:
        """Take the question back, and its answer."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def question(self) -> OperatorQuestion | None:
        """The last one put; StoreError where it is damaged."""
        path = self.folder / _QUESTION
        if not path.exists():
            return None
        try:
            said = json.loads(path.read_text())
            top, side = (self._view(v) for v in said["views"])
            return OperatorQuestion(top, side, said["sentence"], said["why"])
        except (OSError, ValueError, KeyError, TypeError, CameraModelError) as error:
            raise StoreError(f"{path} is damaged ({error}); delete {self.folder}") from error

    def answer(self, clicks: Clicks) -> None:
        """Answer the question that is open; StoreError when the disk refuses."""
        points = {n: {c: list(map(float, p)) for c, p in at.items()} for n, at in clicks.points.items()}
        said = {"operator": clicks.operator, "points": points}
        write_file(self.folder / _ANSWER, json.dumps(said).encode())

    def answered(self) -> Clicks | None:
        """The answer to the last question, if there is one; StoreError where it is damaged."""
        path = self.folder / _ANSWER
        try:
            said = json.loads(path.read_text())
            points = {n: {c: np.array(p) for c, p in at.items()} for n, at in said["points"].items()}
            return Clicks(said["operator"], points)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise StoreError(f"{path} is damaged ({error}); delete it and click again") from error

    def _view(self, said: dict[str, Any]) -> View:
        picture = (self.folder / f"{said['name']}.png").read_bytes()
        return View(said["name"], from_numbers(said), encoded.decoded(picture))
