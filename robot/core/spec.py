"""What observations and actions look like: shapes, units, and a fingerprint that both ends compare."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from robot.core.errors import SpecMismatch
from robot.core.types import Array, Observation

AXES = ("x", "y", "z", "rx", "ry", "rz")


@dataclass(frozen=True)
class ArmActionSpec:
    """How one arm reads its slice of the action: a step of the target pose in the tool frame."""

    arm: str
    axes: tuple[str, ...]  # subset of AXES, in that order; the rest is held
    translation_scale_m: float  # metres a control step at 1.0
    rotation_scale_rad: float  # radians a control step at 1.0
    gripper: bool = False  # one more value: > 0 opens, < 0 closes

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self.axes) + int(self.gripper)

    def delta(self, value: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Translation [3] m and rotation vector [3] rad of one step, tool frame."""
        step = np.zeros(6)
        step[[AXES.index(a) for a in self.axes]] = np.asarray(value, dtype=np.float64)[: len(self.axes)]
        return step[:3] * self.translation_scale_m, step[3:] * self.rotation_scale_rad

    def from_axes(self, axes: ArrayLike, gripper: float) -> Array:
        """The value [size] that a teleop reading [6] in [-1, 1] asks for."""
        value = [np.asarray(axes)[AXES.index(a)] for a in self.axes]
        return np.array([*value, *([gripper] if self.gripper else [])], np.float32)


@dataclass(frozen=True)
class ActionSpec:
    """The rig's action: its arms' actions one after the other."""

    arms: tuple[ArmActionSpec, ...]

    @property
    def size(self) -> int:
        """A, the number of values."""
        return sum(a.size for a in self.arms)

    def slice_of(self, arm: str) -> slice:
        """Where one arm's values are."""
        start = 0
        for spec in self.arms:
            if spec.arm == arm:
                return slice(start, start + spec.size)
            start += spec.size
        raise SpecMismatch(f"no arm {arm!r} in the action spec; arms: {[a.arm for a in self.arms]}")


@dataclass(frozen=True)
class ObservationSpec:
    """Shapes a policy sees; float32 state, uint8 images, float16 features."""

    state: Mapping[str, tuple[int, ...]]
    images: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    features: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def state_size(self) -> int:
        """Length of the flattened state."""
        return sum(int(np.prod(s)) for s in self.state.values())

    def flatten_state(self, observation: Observation) -> Array:
        """The state vectors [state_size] in the spec's order."""
        return np.concatenate([observation.state[k].reshape(-1) for k in self.state]).astype(np.float32)


@dataclass(frozen=True)
class RigSpec:
    """Observation and action together: what a policy, its weights and its data agree on."""

    observation: ObservationSpec
    action: ActionSpec

    def fingerprint(self, extra: str = "") -> str:
        """Sixteen hex digits that differ when anything in the spec, or ``extra``, differs."""
        # Keys keep their order: `flatten_state` follows it, so another order is another spec.
        text = json.dumps([asdict(self), extra], default=list)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
