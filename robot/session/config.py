"""The settings of one training session, and the named presets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from policies.bc.config import BcConfig
from policies.learner_config import LearnerConfig
from policies.replay.durable import write_file
from policies.residual.config import PRESETS as CORES
from policies.rewards.config import RewardConfig
from policies.tasks import TASKS
from robot.cell_config import CellConfig
from robot.core.config import from_dict, to_dict
from robot.core.errors import ConfigError, UnknownName
from teleop.operator_config import OperatorConfig

Host = Literal["ros", "local"]


@dataclass(frozen=True)
class SessionConfig:
    """Everything a run depends on; saved as RUN/config.json, and its hash goes into every episode."""

    task: str = "peg_insert"
    preset: str = "rlpd"
    seed: int = 0
    rig: str | None = None  # in launch/rigs, or a file; None: the twin that the task was made for
    host: Host = "ros"
    demos: int = 15  # successful demonstrations
    online_steps: int = 6000  # control steps of the online stage
    eval_episodes: int = 100
    eval_workers: int = 2  # evaluation graphs side by side, each in a ROS domain of its own
    interventions: bool = True
    autonomous: bool = False  # practice goes on without a person between episodes, where the rig allows it
    use_base: bool = False  # True: the actor corrects a frozen imitation policy; False: it acts itself
    learn: bool = True  # False: imitation alone
    encoder: str = "efficientnet_lite0"
    bc: BcConfig = field(default_factory=BcConfig)
    learner: LearnerConfig = field(default_factory=LearnerConfig)
    operator: OperatorConfig = field(default_factory=OperatorConfig)
    cell: CellConfig = field(default_factory=CellConfig)
    reward: RewardConfig = field(default_factory=RewardConfig)

    def __post_init__(self) -> None:
        counts = ("demos", "online_steps", "eval_episodes", "eval_workers")
        problems = [f"{n}: got {getattr(self, n)}, want at least 1" for n in counts if getattr(self, n) < 1]
        for name, known, kind in (("task", TASKS, "task"), ("preset", PRESETS, "preset")):
            if getattr(self, name) not in known:
                problems.append(f"{name}: {UnknownName(kind, getattr(self, name), known)}")
        if self.host == "local" and self.cell.realtime:
            problems.append("cell.realtime: the local host has simulated time only; want --host ros")
        if problems:
            raise ConfigError(problems, "session")

    @property
    def rig_name(self) -> str:
        """The rig that the session runs on."""
        return self.rig or TASKS.load(self.task).rig


def load_config(path: Path) -> SessionConfig:
    """The session's settings; ConfigError lists every problem in the file."""
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError([f"no session to read: {error}"], str(path)) from error
    return from_dict(SessionConfig, data, str(path))


def save_config(config: SessionConfig, path: Path) -> None:
    """Write what `load_config` reads, in the place of what is there; StoreError when the disk refuses."""
    write_file(path, (json.dumps(to_dict(config), indent=2) + "\n").encode())


def preset(name: str) -> SessionConfig:
    """A named starting point; UnknownName offers the nearest."""
    if name not in PRESETS:
        raise UnknownName("preset", name, PRESETS)
    return PRESETS[name]()


def _core(name: str, use_base: bool = False, **when: int) -> SessionConfig:
    learner = LearnerConfig(residual=CORES[name], **when)
    return SessionConfig(preset=name, use_base=use_base, learner=learner)


PRESETS = {
    "rlpd": SessionConfig,
    "residual": lambda: _core("residual", use_base=True),
    "robust": lambda: _core("robust", use_base=True),
    # It learns from its first hundred steps on, actor and critics together.
    "hilserl": lambda: _core("hilserl", warmup_steps=100, critic_only_updates=0, checkpoint_every=1000),
    "bc": lambda: SessionConfig(preset="bc", use_base=True, learn=False),
}
