"""A keypoint plan: what to grasp, what to pass and where to end, in base; made once and never changed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np

from robot.core.errors import NudgeError

Provenance = Literal["vlm", "cache", "reanchored", "operator", "oracle"]
GRASP, TARGET = "grasp", "target"
_FORMAT = 1


class PlanError(NudgeError):
    """A plan that cannot be used; all its problems at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("the keypoint plan cannot be used: " + "; ".join(problems))


@dataclass(frozen=True, eq=False)
class KeypointPlan:
    """Where a task leads, for shaping. Equal plans have equal ``id``: sha256 of all else, 16 hex digits.

    Points are in metres in the base frame of ``arm``; arrays are copied and read only. PlanError for numbers
    that are not finite or of the wrong shape; whether it fits a cell is for `plan_rules`.
    """

    version: int  # within a run, from 1
    arm: str
    task: str
    sentence: str
    keypoints: Mapping[str, np.ndarray]  # name -> [3]; "grasp" and "target" always
    std_m: Mapping[str, float]  # of each keypoint, along its worst direction
    waypoints_m: np.ndarray  # [N, 3], from the grasp to the target
    mask_points_px: Mapping[str, np.ndarray]  # camera -> [M, 2] on the object to be grasped, to track it by
    confidence: float  # [0, 1]
    provenance: Provenance
    model: str
    prompt_sha: str  # empty where nothing was prompted
    image_shas: Mapping[str, str]  # camera -> `image_sha`
    calibration_id: str
    created_ns: int
    parent_id: str = ""  # the plan that a cached or reanchored one comes from
    id: str = field(init=False)

    def __post_init__(self) -> None:
        _set(self, "keypoints", _frozen(self.keypoints, (3,)))
        _set(self, "mask_points_px", _frozen(self.mask_points_px, (-1, 2)))
        _set(self, "waypoints_m", _read_only(self.waypoints_m, (-1, 3)))
        _set(self, "std_m", MappingProxyType({k: float(v) for k, v in self.std_m.items()}))
        _set(self, "image_shas", MappingProxyType(dict(self.image_shas)))
        problems = list(_problems(self))
        if problems:
            raise PlanError(problems)
        _set(self, "id", hashlib.sha256(_canonical(_content(self))).hexdigest()[:16])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeypointPlan) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def to_json(self) -> str:
        """One JSON object, numbers to the last bit."""
        return _canonical({"format": _FORMAT, "id": self.id, **_content(self)}).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> KeypointPlan:
        """The plan that `to_json` wrote; PlanError for any other text, and for one changed since."""
        try:
            content = json.loads(text)
            stated, number = content.pop("id"), content.pop("format")
            if number != _FORMAT:
                raise PlanError([f"format {number}; this version reads {_FORMAT}: update nudge"])
            plan = cls(**content)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise PlanError([f"not a stored plan: {type(error).__name__} {error}"]) from error
        if plan.id != stated:
            raise PlanError(
                [f"stored as {stated} but its content is {plan.id}: the file was changed or damaged"]
            )
        return plan

    def changed(self, **changes: Any) -> KeypointPlan:
        """Another plan that differs in these fields; one that stems from it says so in ``parent_id``."""
        return dataclasses.replace(self, **changes)


def _problems(plan: KeypointPlan) -> list[str]:
    found = [f"no keypoint {name!r}" for name in (GRASP, TARGET) if name not in plan.keypoints]
    arrays = {f"keypoint {n!r}": p for n, p in plan.keypoints.items()} | {"waypoints": plan.waypoints_m}
    arrays |= {f"mask points of {c!r}": p for c, p in plan.mask_points_px.items()}
    found += [f"{name} not finite" for name, array in arrays.items() if not np.isfinite(array).all()]
    if len(plan.waypoints_m) < 2:
        found.append(f"{len(plan.waypoints_m)} waypoints; want at least 2")
    if set(plan.std_m) != set(plan.keypoints) or not all(0 <= s < np.inf for s in plan.std_m.values()):
        found.append(f"std_m {dict(plan.std_m)}; want one finite number from 0 for every keypoint")
    if not 0 <= plan.confidence <= 1:
        found.append(f"confidence {plan.confidence}; want 0 to 1")
    if plan.provenance not in get_args(Provenance):
        found.append(f"provenance {plan.provenance!r}; want one of {', '.join(get_args(Provenance))}")
    if plan.version < 1 or plan.created_ns < 0:
        found.append(f"version {plan.version}, created at {plan.created_ns} ns; want from 1, and from 0")
    return found


def _content(plan: KeypointPlan) -> dict[str, Any]:
    names = [f.name for f in dataclasses.fields(plan) if f.init]
    return {name: _plain(getattr(plan, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _frozen(arrays: Mapping[str, Any], shape: tuple[int, ...]) -> Mapping[str, np.ndarray]:
    return MappingProxyType({str(k): _read_only(v, shape) for k, v in arrays.items()})


def _read_only(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    array = array.reshape(0, shape[-1]) if array.size == 0 and len(shape) == 2 else array
    if array.ndim != len(shape) or array.shape[-1] != shape[-1]:
        raise PlanError([f"points of shape {array.shape}; want {str(shape).replace('-1', 'N')}"])
    array.setflags(write=False)
    return array


def _set(plan: KeypointPlan, name: str, value: Any) -> None:
    object.__setattr__(plan, name, value)  # the class is frozen for all but its own making
