"""Evaluations of a finished session: numbered folders RUN/eval/POLICY-K, each on starts of its own.

Older weights are RUN/eval/final-vVERSION-K. In another cell than the session's the name goes on with -CELL,
the twin's ``randomize``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from robot.cell_config import Randomize
from robot.core.config import from_dict, to_dict
from robot.core.errors import NudgeError

_PLAN, _RESULT = "evaluation.json", "result.json"


@dataclass(frozen=True)
class Evaluation:
    """One policy on ``episodes`` starts, seeds from ``first_seed`` up, in the folder RUN/eval/``name``."""

    name: str
    episodes: int
    first_seed: int
    randomize: Randomize | None = None  # of the twin; None: as the session has it
    version: int | None = None  # of the weights; None: the newest


def read_evaluation(run_dir: Path, name: str) -> Evaluation:
    """What `plan_evaluation` wrote; ConfigError if it does not read."""
    path = run_dir / "eval" / name / _PLAN
    return from_dict(Evaluation, json.loads(path.read_text()), str(path))


def plan_evaluation(
    run_dir: Path,
    policy: str,
    episodes: int,
    seeds: range,
    randomize: Randomize | None = None,
    version: int | None = None,
) -> Evaluation:
    """The last one of ``policy`` in that cell if it was cut short, else a new one on seeds new to both.

    All policies and versions count from the same seed in all cells, so they see the same starts everywhere.

    Raises:
        NudgeError: no fresh seeds are left.
    """
    parts = (policy, None if version is None else f"v{version}", randomize)
    kind = "-".join(part for part in parts if part is not None)
    earlier = _earlier(run_dir, kind)
    if earlier and earlier[-1].episodes == episodes and not _result_path(run_dir, earlier[-1]).exists():
        return earlier[-1]
    first = max((e.first_seed + e.episodes for e in earlier), default=seeds.start)
    if not 0 < episodes <= seeds.stop - first:
        raise NudgeError(f"episodes: got {episodes}, want 1 to {seeds.stop - first}, the fresh starts left")
    evaluation = Evaluation(f"{kind}-{len(earlier)}", episodes, first, randomize, version)
    folder = run_dir / "eval" / evaluation.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _PLAN).write_text(json.dumps(to_dict(evaluation)) + "\n")
    return evaluation


def write_result(run_dir: Path, evaluation: Evaluation, result: dict[str, object]) -> None:
    """Mark the evaluation as finished."""
    _result_path(run_dir, evaluation).write_text(json.dumps(result, indent=2) + "\n")


def _earlier(run_dir: Path, kind: str) -> list[Evaluation]:
    found = [p.parent.name for p in (run_dir / "eval").glob(f"{kind}-[0-9]*/{_PLAN}")]
    return [read_evaluation(run_dir, n) for n in sorted(found, key=lambda n: int(n.rpartition("-")[2]))]


def _result_path(run_dir: Path, evaluation: Evaluation) -> Path:
    return run_dir / "eval" / evaluation.name / _RESULT
