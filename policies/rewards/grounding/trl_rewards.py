"""Reward functions as TRL's GRPOTrainer calls them: one number a completion, None where one does not apply.

They take the completions (texts, or chat messages) and the rows' columns as keyword lists. What they reward
is after the visual-grounding papers: ViGoRL (point in region), GUI-G1 (hit, overlap and size of a box
together), V-Triune (a demand that rises with training), VLM-R1 (format). Weights and tolerances are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from policies.rewards.grounding.target import Target, targets
from policies.rewards.grounding.verdict import AnswerKind, Verdict, judge

HIT_WEIGHT, DISTANCE_WEIGHT, FORMAT_WEIGHT = 0.5, 0.4, 0.1
LOOSE, TIGHT = 0.10, 0.02  # of the frame's diagonal, before and at the end of training
_SIZE_RATIO = 4.0  # a box with this many times the area, or this fraction of it, is penalised in full
Rewards = list[float | None]


def format_reward(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 for a reply in the format that was asked for ("not visible" is one), else 0."""
    return [float(verdict.readable) for verdict, _ in _judged(completions, columns)]


def in_mask_reward(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 on the thing, or for "not visible" of a hidden one; None for questions about boxes.

    Logs the share of each kind of answer under ``answers/KIND``, where TRL gives ``log_metric``: x and y
    exchanged is a class of its own, for no distance tells it from bad sight.
    """
    judged = list(_judged(completions, columns))
    _log_kinds(judged, columns)
    return [_hit(verdict) if target.wants == "point" else None for verdict, target in judged]


def distance_reward(completions: Sequence[Any], **columns: Any) -> Rewards:
    """exp(-(d/tau)^2) of the distance d to the true point; tau as `tolerance_px` has it.

    None for boxes and hidden things, 0 without a readable point.
    """
    fraction = training_fraction(columns)
    return [_nearness(v, t, fraction) if _has_point(t) else None for v, t in _judged(completions, columns)]


def points_reward(completions: Sequence[Any], **columns: Any) -> Rewards:
    """0.5 on the thing + 0.4 distance + 0.1 format; None for boxes.

    For a hidden thing 1 if the reply is "not visible", else 0: a well-formed invention earns nothing.
    """
    fraction = training_fraction(columns)
    judged = _judged(completions, columns)
    return [_points(v, t, fraction) if t.wants == "point" else None for v, t in judged]


def iou_reward(completions: Sequence[Any], **columns: Any) -> Rewards:
    """Intersection over union with the true box; 0 unreadable, None for points.

    For a hidden thing 1 if the reply is "not visible", else 0.
    """
    return [_overlap(v, t) if t.wants == "box" else None for v, t in _judged(completions, columns)]


def box_size_penalty(completions: Sequence[Any], **columns: Any) -> Rewards:
    """-min(1, |ln(area / true area)| / ln 4): hits favour small boxes, overlap large ones, this neither.

    None for points, and where there is no box or none should be: `iou_reward` has judged that.
    """
    return [_size_penalty(v, t) for v, t in _judged(completions, columns)]


def tolerance_px(target: Target, fraction: float) -> float:
    """tau: from 10 % to 2 % of the frame's diagonal, evenly over training."""
    return (LOOSE + (TIGHT - LOOSE) * float(np.clip(fraction, 0.0, 1.0))) * target.diagonal_px


def training_fraction(columns: Mapping[str, Any]) -> float:
    """How far training is, in [0, 1], by TRL's ``trainer_state``; without one the strict end, for scoring."""
    state = columns.get("trainer_state")
    return 1.0 if state is None else min(1.0, state.global_step / max(1, state.max_steps))


def _judged(completions: Sequence[Any], columns: Mapping[str, Any]) -> list[tuple[Verdict, Target]]:
    pairs = zip(completions, targets(columns), strict=True)
    return [(judge(_text(completion), target), target) for completion, target in pairs]


def _text(completion: Any) -> str:
    """Of a completion as text, or as TRL's chat messages, whose content may be a list of parts."""
    content = completion if isinstance(completion, str) else completion[-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _log_kinds(judged: Sequence[tuple[Verdict, Target]], columns: Mapping[str, Any]) -> None:
    log_metric = columns.get("log_metric")
    if log_metric is not None and judged:
        for kind in AnswerKind:
            log_metric(f"answers/{kind.value}", float(np.mean([v.kind is kind for v, _ in judged])))


def _hit(verdict: Verdict) -> float:
    return float(verdict.kind in (AnswerKind.HIT, AnswerKind.RIGHTLY_HIDDEN))


def _has_point(target: Target) -> bool:
    return target.wants == "point" and target.visible


def _nearness(verdict: Verdict, target: Target, fraction: float) -> float:
    if verdict.error_px is None:
        return 0.0
    return float(np.exp(-((verdict.error_px / tolerance_px(target, fraction)) ** 2)))


def _points(verdict: Verdict, target: Target, fraction: float) -> float:
    if not target.visible:
        return _hit(verdict)
    near = _nearness(verdict, target, fraction)
    return HIT_WEIGHT * _hit(verdict) + DISTANCE_WEIGHT * near + FORMAT_WEIGHT * verdict.readable


def _overlap(verdict: Verdict, target: Target) -> float:
    if not target.visible:
        return _hit(verdict)
    return 0.0 if verdict.box is None else iou(verdict.box, target.box)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes [2, 2]; corners in any order."""
    a, b = np.sort(a, axis=0), np.sort(b, axis=0)
    shared = float(np.prod(np.clip(np.minimum(a[1], b[1]) - np.maximum(a[0], b[0]), 0.0, None)))
    total = _area(a) + _area(b) - shared
    return shared / total if total > 0 else 0.0


def _size_penalty(verdict: Verdict, target: Target) -> float | None:
    if target.wants != "box" or verdict.box is None or not target.visible:
        return None
    ratio = _area(verdict.box) / _area(target.box)
    return -1.0 if ratio == 0 else -min(1.0, abs(float(np.log(ratio))) / float(np.log(_SIZE_RATIO)))


def _area(box: np.ndarray) -> float:
    return float(np.prod(np.abs(box[1] - box[0])))
