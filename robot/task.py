"""A task as data: what scene, what the policy may do and see, how long, and how a person would do it."""

from __future__ import annotations

from dataclasses import dataclass

from robot.core.spec import ActionSpec, ObservationSpec, RigSpec


@dataclass(frozen=True)
class Waypoint:
    """Where an operator brings the tool next, in the frame of an object that the twin's Truth names.

    Reached within ``tolerance_m`` and ``tolerance_rad``; ``gripper`` is held on the way there, and for
    ``dwell_steps`` after arrival.
    """

    frame: str
    position_m: tuple[float, float, float]
    tolerance_m: float
    tolerance_rad: float = 0.05
    gripper: float = 0.0
    dwell_steps: int = 0
    lane_m: float = float("inf")  # further off sideways than this: go back to the waypoint before
    speed: float = 1.0  # fraction of the largest action


@dataclass(frozen=True)
class Box:
    """A box in the arm's base frame, metres."""

    low_m: tuple[float, float, float]
    high_m: tuple[float, float, float]


@dataclass(frozen=True)
class Task:
    """Everything the graph needs to know about one skill."""

    name: str
    scene: str  # name in sim.scenes.SCENES
    action: ActionSpec
    cameras: tuple[str, ...]
    image_size: int  # pixels, square
    time_limit_steps: int
    control_period_s: float
    waypoints: tuple[Waypoint, ...]
    workspace: Box  # the reference of the tool centre point never leaves it
    hand: str = "waypoints"  # in teleop.hands.HANDS: how the simulated operator drives
    rig: str = "twin"  # in launch/rigs: the simulated cell that it was made for
    privileged: tuple[str, ...] = ()  # PRIVILEGED Truth poses the `state` variant of the observation adds

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms."""
        return tuple(a.arm for a in self.action.arms)

    def rig_spec(self, feature_shape: tuple[int, int, int] | None) -> RigSpec:
        """What the policy sees and does; without a feature shape it sees state alone."""
        state: dict[str, tuple[int, ...]] = {}
        for arm in self.arms:
            sizes = {"position": 3, "rotation": 6, "twist": 6, "wrench": 6, "gripper": 1}
            state |= {f"{arm}/{name}": (n,) for name, n in sizes.items()}
        state |= {f"privileged/{name}": (9,) for name in self.privileged}
        size = (self.image_size, self.image_size, 3)
        images = dict.fromkeys(self.cameras, size)
        features = {} if feature_shape is None else dict.fromkeys(self.cameras, feature_shape)
        return RigSpec(ObservationSpec(state, images, features), self.action)
