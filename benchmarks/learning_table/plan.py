"""What the learning table holds: which arms on which tasks, and which of them exist yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from policies.tasks import TASKS
from robot.session.config import PRESETS, Host, SessionConfig

IMITATION = "bc"  # the arm whose session every other one of its task and seed starts from
DEFAULT = SessionConfig().preset


@dataclass(frozen=True)
class Arm:
    """One way to learn: a preset, with or without a person who helps."""

    preset: str
    label: str
    interventions: bool = True


ARMS: dict[str, Arm] = {
    IMITATION: Arm("bc", "imitation alone"),
    "hilserl": Arm("hilserl", "HIL-SERL"),
    "rlpd": Arm("rlpd", "RLPD"),
    "residual": Arm("residual", "residual"),
    "residual_alone": Arm("residual", "residual, no interventions", interventions=False),
    "robust": Arm("robust", "robust"),
}


@dataclass(frozen=True)
class Grid:
    """One table: every arm on every task."""

    title: str
    host: Host
    arms: tuple[str, ...]
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One session of the table."""

    arm: str  # in ARMS
    task: str
    seed: int
    host: Host

    @property
    def base(self) -> Cell:
        """The imitation session that this one starts from a copy of."""
        return Cell(IMITATION, self.task, self.seed, self.host)

    @property
    def name(self) -> str:
        """Of its run folder."""
        return f"{self.task}-{self.arm}-{self.seed}-{self.host}"


STATE = Grid(
    "From privileged state",
    "local",
    tuple(ARMS),
    ("peg_insert_state", "lift_state", "cable_route_state", "flip_state", "handover_state"),
)
CAMERAS = Grid(
    "From cameras",
    "local",
    tuple(dict.fromkeys((IMITATION, "hilserl", "residual", DEFAULT))),
    ("peg_insert", "lift", "flip"),
)
GRIDS = (STATE, CAMERAS)


def built(arm: str, task: str) -> bool:
    """Whether this version of Nudge has the task and the arm's preset."""
    return task in TASKS and ARMS[arm].preset in PRESETS


def cells(
    grid: Grid, arms: Collection[str], tasks: Collection[str], seeds: Collection[int]
) -> Iterator[Cell]:
    """The grid's sessions among those asked for, seed by seed: a first row of everything comes early."""
    for seed in seeds:
        for task in (t for t in grid.tasks if t in tasks):
            yield from (Cell(a, task, seed, grid.host) for a in grid.arms if a in arms and built(a, task))
