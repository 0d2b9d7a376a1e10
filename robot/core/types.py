"""What flows between nodes: frozen dataclasses over numpy.

SI units, REP 103 axes. Images are uint8 RGB [H, W, 3], the rest float32, stamps integer nanoseconds.
``T_a_b`` is the pose of b in a; twists are linear first, wrenches force first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Arrays = dict[str, np.ndarray]


class Source(IntEnum):
    """Who decided an executed action."""

    POLICY = 0
    HUMAN = 1
    RESET = 2
    HOLD = 3
    GUIDE = 4  # a keypoint plan explored in the place of the policy


class Outcome(IntEnum):
    """How an episode ended."""

    SUCCESS = 0
    FAILURE = 1
    TIME_LIMIT = 2
    ABORTED = 3


class Key(IntEnum):
    """What the operator (or a person at the console) can press."""

    SUCCESS = 0
    FAILURE = 1
    STOP = 2
    CLEAR = 3  # a person has looked, and lets a stopped arm move again


@dataclass(frozen=True)
class RobotState:
    """One arm at one instant, in its base frame."""

    stamp_ns: int
    arm: str
    q: Array  # [J] rad
    dq: Array  # [J] rad/s
    tau: Array  # [J] Nm
    T_base_tcp: NDArray[np.float64]  # [4, 4]
    twist: Array  # [6] m/s, rad/s, base frame
    wrench: Array  # [6] N, Nm acting on the tool, tool frame
    gripper_width: float  # m
    episode_id: int = -1  # the reset this state follows
    jacobian: Array | None = None  # [6, J] of the tool centre point, base frame, where the driver knows it


@dataclass(frozen=True)
class Image:
    """One camera frame, already cropped and resized to the policy's size."""

    stamp_ns: int
    camera: str
    pixels: NDArray[np.uint8]  # [H, W, 3] RGB


@dataclass(frozen=True)
class Observation:
    """What a policy sees: named state vectors, images and the frozen trunk's features of them."""

    stamp_ns: int
    state: Arrays  # name -> [n] float32
    images: Arrays = field(default_factory=dict)  # name -> [H, W, 3] uint8
    features: Arrays = field(default_factory=dict)  # name -> [h, w, c] float16
    age_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """A normalised action; ActionSpec turns it into metres and radians."""

    stamp_ns: int
    value: Array  # [A] in [-1, 1]: what is to be, or was, executed
    base: Array  # [A] the frozen base policy's part
    residual: Array  # [A] the learned correction
    source: Source = Source.POLICY
    weights_version: int = 0
    engaged: bool = False  # the operator held the dead-man when this was decided
    safety: int = 0  # robot.safety.Reason flags of what the safety layer changed, any arm


@dataclass(frozen=True)
class TeleopCommand:
    """One reading of the operator's device for one arm, in that arm's tool frame."""

    stamp_ns: int
    arm: str
    axes: Array  # [6] in [-1, 1], linear first
    gripper: float = 0.0  # > 0 open, < 0 close, 0 leave
    engaged: bool = False  # the dead-man is held
    lost: bool = False  # the device stopped answering: reads as released, and the arm holds


@dataclass(frozen=True)
class DeviceHealth:
    """A device went, or came back; `reason` says what failed and the next step."""

    stamp_ns: int
    device: str  # "camera/wrist", "teleop/spacemouse", "arm/left"
    ok: bool
    reason: str = ""


@dataclass(frozen=True)
class SpeedScale:
    """How much of its speed limit an arm may use now: lowered while people are near."""

    stamp_ns: int
    value: float  # (0, 1]
    reason: str = ""


@dataclass(frozen=True)
class CameraInfo:
    """A camera's pinhole model at the size its images are published in."""

    stamp_ns: int
    camera: str
    width: int  # pixels
    height: int
    K: NDArray[np.float64]  # [3, 3] pixels
    distortion: NDArray[np.float64]  # [5] plumb_bob k1 k2 p1 p2 k3; zeros where unknown


@dataclass(frozen=True)
class Event:
    """A key press, with the time it was pressed."""

    stamp_ns: int
    key: Key
    reason: str = ""


@dataclass(frozen=True)
class Reward:
    """The reward model's verdict on the step that ended at ``stamp_ns``."""

    stamp_ns: int
    value: float
    success: bool = False
    failure: bool = False


@dataclass(frozen=True)
class EpisodeStart:
    """The actor asks the cell for a reset and names the episode that begins."""

    stamp_ns: int
    episode_id: int
    seed: int
    teleop_allowed: bool = True
    in_place: bool = False  # the arms are at its start already, and no person is waited for


@dataclass(frozen=True)
class Truth:
    """PRIVILEGED: what only the twin knows. For the simulated operator and the `state` observation."""

    stamp_ns: int
    episode_id: int
    poses: Arrays  # name -> T_base_x [4, 4]
    held: dict[str, bool] = field(default_factory=dict)  # arm -> whether its fingers are closed on something


@dataclass(frozen=True)
class Label:
    """What a dense reward says of one observation, and which keypoint plan of the run it goes by."""

    dense: float = 0.0  # a potential or a reward, as the session's settings have it
    plan: int = 0  # version; 0: there was none, and the reward is the sparse one alone


@dataclass(frozen=True)
class LateLabels:
    """What a dense reward says of observations whose steps are recorded already, without a word on them."""

    episode_id: int
    steps: np.ndarray  # [n] int32, numbers of the steps that began there
    dense: Array  # [n] float32
    plan: np.ndarray  # [n] int32, versions


@dataclass(frozen=True)
class Step:
    """One recorded control step. The next observation is the next step's, or the episode end's."""

    episode_id: int
    step: int
    observation: Observation
    action: Array  # [A] executed
    base_action: Array  # [A]
    proposed_action: Array  # [A] what the policy wanted
    reward: float
    discount: float  # 0 only if terminated
    terminated: bool
    truncated: bool
    source: Source
    weights_version: int
    safety: int = 0  # robot.safety.Reason flags of what the safety layer changed on the way
    label: Label = Label()  # of the observation

    @property
    def is_intervention(self) -> bool:
        """Whether a person decided the executed action."""
        return self.source is Source.HUMAN


@dataclass(frozen=True)
class EpisodeHeader:
    """What a reader must know before the first step."""

    episode_id: int
    task: str
    seed: int
    operator: str
    config_hash: str
    mode: str  # demo, train or eval
    calibration: str = "twin"


@dataclass(frozen=True)
class EpisodeEnd:
    """The observation after the last step, and how it ended."""

    episode_id: int
    steps: int
    outcome: Outcome
    observation: Observation
    base_action: Array  # [A] the base's action at that observation
    label: Label = Label()  # of that observation


@dataclass(frozen=True)
class Weights:
    """Trainable parameters on their way to the actor; payload is safetensors, never pickle."""

    version: int
    learner_step: int
    spec_fingerprint: str
    payload: bytes
    signature: str  # sha256 over all of the above


@dataclass(frozen=True)
class Status:
    """Numbers one node reports about itself."""

    stamp_ns: int
    node: str
    values: dict[str, float]
    text: str = ""
