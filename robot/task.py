"""A task as data: what scene, what the policy may do and see, how long, and how a person would do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from robot.core.spec import ActionSpec, ObservationSpec, RigSpec


@dataclass(frozen=True)
class Waypoint:
    """Where an operator brings the tool next, in the frame of an object that the twin's Truth names.

    Reached within ``tolerance_m`` and ``tolerance_rad``; ``gripper`` is held on the way there, and for
    ``dwell_steps`` after arrival. Then comes the same arm's next one, once what it comes ``after`` is done.
    """

    frame: str
    position_m: tuple[float, float, float]
    tolerance_m: float
    tolerance_rad: float = 0.05
    gripper: float = 0.0
    dwell_steps: int = 0
    lane_m: float = float("inf")  # further off sideways than this: go back to the waypoint before
    lane: tuple[str, str] | None = None  # this pose's way off that one's z axis counts, not the tool's
    speed: float = 1.0  # fraction of the largest action
    arm: str = ""  # whose; empty: the task's only one
    name: str = ""  # what another arm's waypoint may come after
    after: str = ""  # a waypoint of another arm that must be done, with its dwell, before this one
    holding: bool = False  # what the waypoint before took is carried; if it is lost, all arms begin again


@dataclass(frozen=True)
class Stroke:
    """One part of a swing: so much of the largest action, for so long."""

    seconds: float
    axes: tuple[float, float, float, float, float, float]  # as in `robot.core.spec.AXES`, in [-1, 1]


@dataclass(frozen=True)
class Swing:
    """What an operator does with an object in one go, because once it flies nobody can steer it.

    It begins when the object lies still in what carries it, both frames that the twin's Truth names.
    """

    object: str
    carrier: str
    strokes: tuple[Stroke, ...]


@dataclass(frozen=True)
class Box:
    """A box in each arm's own base frame, metres."""

    low_m: tuple[float, float, float]
    high_m: tuple[float, float, float]


@dataclass(frozen=True)
class StartRange:
    """How far the starts that an unattended reset drives to lie from the rig's own start pose, either way.

    The rig's file says where that pose is, clear of the parts; from there on the task knows.
    """

    arm: str
    spread_m: tuple[float, float, float]  # base frame
    yaw_rad: float = 0.0  # about the tool's own z
    gripper: float = 0.0  # commanded on the way there


@dataclass(frozen=True)
class Task:
    """Everything the graph needs to know about one skill."""

    name: str
    sentence: str  # what is to be done, in words, for people and for models that see
    scene: str  # name in sim.scenes.SCENES
    action: ActionSpec
    cameras: tuple[str, ...]
    image_size: int  # pixels, square
    time_limit_steps: int
    control_period_s: float
    waypoints: tuple[Waypoint, ...]
    workspace: Box  # the reference of every arm's tool centre point never leaves it
    hand: str = "waypoints"  # in teleop.hands.HANDS: how the simulated operator drives
    swing: Swing | None = None  # of the hand that asks for one
    rig: str = "twin"  # in launch/rigs: the simulated cell that it was made for
    starts: tuple[StartRange, ...] = ()  # one an arm; without them every episode is begun by a person
    # PRIVILEGED Truth poses that the `state` variant of the observation adds, as seen from each arm's tool
    privileged: tuple[str, ...] = ()
    # Where a session of this task differs from the defaults; what a preset is about, a settings file and the
    # command line come after
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms."""
        return tuple(a.arm for a in self.action.arms)

    def tool_frame(self, arm: str) -> str:
        """The Truth's name of what the arm moves: `tool`, or `left/tool` where there are several arms."""
        return "tool" if len(self.arms) == 1 else f"{arm}/tool"

    @property
    def privileged_views(self) -> dict[str, tuple[str, str]]:
        """Name in the observation -> (tool, pose) in the Truth: each pose in each tool's frame."""
        alone = len(self.arms) == 1
        pairs = [(a, name) for a in self.arms for name in self.privileged]
        views = {(a, n): f"privileged/{n}" if alone else f"privileged/{a}/{n}" for a, n in pairs}
        return {view: (self.tool_frame(a), n) for (a, n), view in views.items()}

    def rig_spec(self, feature_shape: tuple[int, int, int] | None) -> RigSpec:
        """What the policy sees and does; without a feature shape it sees state alone."""
        state: dict[str, tuple[int, ...]] = {}
        for arm in self.arms:
            sizes = {"position": 3, "rotation": 6, "twist": 6, "wrench": 6, "gripper": 1}
            state |= {f"{arm}/{name}": (n,) for name, n in sizes.items()}
        state |= {name: (9,) for name in self.privileged_views}
        size = (self.image_size, self.image_size, 3)
        images = dict.fromkeys(self.cameras, size)
        features = {} if feature_shape is None else dict.fromkeys(self.cameras, feature_shape)
        return RigSpec(ObservationSpec(state, images, features), self.action)
