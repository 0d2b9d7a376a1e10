"""One question put to a served model, and what came of it: a line of ``answers.jsonl``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from policies.rewards.grounding.row import GroundingRow
from policies.rewards.grounding.verdict import Verdict, judge
from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.lift import LiftError, from_height
from policies.rewards.vlm.answer import Answer
from policies.rewards.vlm.client import VlmClient
from policies.rewards.vlm.errors import VlmError
from policies.rewards.vlm.free_text import FreeText
from policies.rewards.vlm.question import Question
from robot.core.errors import StoreError


@dataclass(frozen=True)
class BenchRecord:
    """Kinds are `AnswerKind`'s values, or ``no_answer`` with the VlmError's kind in ``failure``."""

    id: str
    task: str
    camera: str
    seed: int
    difficulty: str
    visible: bool
    image_sha256: str
    coord_format: str
    model: str  # as it was asked for
    kind: str
    raw: str = ""
    pixel: tuple[float, float] | None = None
    error_px: float | None = None
    # On the plane of the keypoint's true height, from this one view; None too where its ray is too flat
    error_mm: float | None = None
    problem: str = ""
    failure: str = ""
    latency_s: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def json_line(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json_line(cls, line: str) -> BenchRecord:
        """What `json_line` wrote; TypeError for other fields, ValueError for no JSON."""
        fields = json.loads(line)
        return cls(**fields | {"pixel": fields["pixel"] and tuple(fields["pixel"])})


NO_ANSWER = "no_answer"


def ask(client: VlmClient, row: GroundingRow, folder: Path) -> BenchRecord:
    """Put a row's question; a failure of the server or of the reply is a record too.

    Raises:
        StoreError: the row's picture cannot be read.
    """
    question = Question(row.prompt[-1]["content"], (_picture(folder / row.image),), FreeText)
    try:
        answer = client.ask(question)
    except VlmError as error:
        return _record(row, client.config.model, NO_ANSWER, failure=error.kind, problem=str(error))
    return _judged(row, client.config.model, answer, judge(answer.value.text, row.target))


def _judged(row: GroundingRow, model: str, answer: Answer[FreeText], verdict: Verdict) -> BenchRecord:
    pixel = None if verdict.pixel is None else (float(verdict.pixel[0]), float(verdict.pixel[1]))
    return _record(
        row,
        model,
        verdict.kind.value,
        raw=answer.raw,
        pixel=pixel,
        error_px=verdict.error_px,
        error_mm=_error_mm(row, verdict),
        problem=verdict.problem,
        latency_s=answer.latency_s,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
    )


def _record(row: GroundingRow, model: str, kind: str, **found: object) -> BenchRecord:
    names = ("id", "task", "camera", "seed", "difficulty", "visible", "image_sha256", "coord_format")
    return BenchRecord(**{n: getattr(row, n) for n in names}, model=model, kind=kind, **found)  # type: ignore[arg-type]


def _error_mm(row: GroundingRow, verdict: Verdict) -> float | None:
    if verdict.pixel is None or verdict.error_px is None:
        return None
    camera = PinholeCamera(
        np.array(row.K), np.zeros(5), row.width, row.height, np.array(row.T_base_cam)
    )  # the twin's lenses have no distortion
    try:
        lifted = from_height(verdict.pixel, camera, row.point_m[2])
    except LiftError:
        return None
    return 1000 * float(np.linalg.norm(lifted.point_m - row.point_m))


def _picture(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read ({error.strerror}); run nudge reward export again"
        ) from error
