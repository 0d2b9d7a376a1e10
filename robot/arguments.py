"""What the command `nudge` takes; the docstrings and comments here are its help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from robot.cell_config import Randomize
from robot.reward_arguments import Reward
from robot.session.config import Host

Policy = Literal["final", "base"]


_RUN = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN", help_behavior_hint="")]


def _arg(metavar: str, default: str) -> Any:
    # None stands for "not given", which a person need not know.
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=f"(default: {default})")


@dataclass(frozen=True)
class Train:
    """A whole training session: demonstrations, imitation, online learning, evaluation. Stop it with Ctrl-C
    whenever you like; the same command goes on where it stopped.

    For example:
      nudge train --task peg_insert
      nudge train --preset rlpd --seed 1
      nudge train --no-interventions --run runs/alone
      nudge train --autonomous
      nudge train --config my_session.yaml
    """

    task: Annotated[str | None, _arg("TASK", "peg_insert")] = None  # the skill
    preset: Annotated[str | None, _arg("PRESET", "rlpd")] = None  # rlpd, residual, robust, hilserl or bc
    seed: Annotated[int | None, _arg("INT", "0")] = None  # of every draw, from starts to networks
    rig: Annotated[str | None, _arg("RIG", "the task's twin")] = None  # the cell: in launch/rigs, or a file
    host: Annotated[Host | None, _arg("{ros,local}", "ros")] = None  # ROS 2 processes, or one process
    interventions: bool = True  # nobody takes over when the policy goes wrong
    autonomous: bool = False  # the arm gets free and back to its start by itself; a person comes when called
    demos: Annotated[int | None, _arg("INT", "the preset's")] = None  # successful demonstrations
    online_steps: Annotated[int | None, _arg("INT", "the preset's")] = None  # control steps; raise to go on
    eval_episodes: Annotated[int | None, _arg("INT", "the preset's")] = None  # before and after learning
    run: Annotated[Path | None, _arg("DIR", "runs/TASK-PRESET-SEED")] = None  # where everything goes
    config: Annotated[Path | None, _arg("YAML", "none")] = None  # any settings; options here win over it
    json: bool = False  # print the summary as JSON


@dataclass(frozen=True)
class Demo:
    """Record demonstrations alone (the first stage of `nudge train`).

    For example:
      nudge demo --task lift --demos 5 --run runs/lift-demos
    """

    task: str = "peg_insert"  # the skill
    demos: int = 20  # successful demonstrations
    seed: int = 0  # of the starts
    rig: Annotated[str | None, _arg("RIG", "the task's twin")] = None  # the cell: in launch/rigs, or a file
    host: Host = "ros"  # ROS 2 processes, or one process
    run: Annotated[Path | None, _arg("DIR", "runs/TASK-demos-SEED")] = None  # where everything goes


@dataclass(frozen=True)
class Eval:
    """Evaluate a run's policy without interventions, on starts that the session never saw.

    For example:
      nudge eval runs/peg_insert-rlpd-0 --policy final --episodes 100
      nudge eval runs/peg_insert-rlpd-0 --randomize held_out
      nudge eval runs/peg_insert-rlpd-0 --version 40 --episodes 20
    """

    run: _RUN  # the folder of a training session
    policy: Policy = "final"  # what was learned, or the frozen base alone
    episodes: int = 100  # fresh starts
    # light, colours, cameras, friction and delays of the twin; no training met those of held_out
    randomize: Annotated[Randomize | None, _arg("{off,train,held_out}", "as the session")] = None
    version: Annotated[int | None, _arg("INT", "the newest")] = None  # of the weights, one a checkpoint
    json: bool = False  # print the result as JSON


@dataclass(frozen=True)
class Replay:
    """List a run's episodes, or look at one: a GIF of what its cameras saw, and a line a step.

    For example:
      nudge replay runs/peg_insert-rlpd-0
      nudge replay runs/peg_insert-rlpd-0 --episode 3 --out three.gif
    """

    run: _RUN  # the folder of a session, or of one evaluation worker
    episode: Annotated[int | None, _arg("INT", "list them all")] = None  # its number
    out: Annotated[Path | None, _arg("FILE", "RUN/media/episode-N.gif")] = None  # the GIF


@dataclass(frozen=True)
class Twin:
    """Draw a task's cell as people see it, and as its policy does.

    For example:
      nudge twin --task peg_insert --out cell.png
    """

    task: str = "peg_insert"  # whose cell
    seed: int = 0  # of the reset
    out: Path = Path("cell.png")


@dataclass(frozen=True)
class Doctor:
    """Look at a cell without moving anything: packages, ROS 2, network, arms, cameras, hand devices, disk.
    Says what is wrong and the next step; exits 1 if anything does not work.

    For example:
      nudge doctor
      nudge doctor --rig fr3_one_arm
      nudge doctor --rig my_cell.yaml --json
    """

    rig: Annotated[str | None, _arg("RIG", "the machine alone")] = None  # in launch/rigs, or a file
    json: bool = False  # print the findings as JSON


@dataclass(frozen=True)
class Jog:
    """Move one arm by hand, through the safety layer, before any policy runs. Ctrl-C brings it to rest.

    For example:
      nudge jog --rig twin
      nudge jog --rig my_cell.yaml --arm left --device keyboard
    """

    rig: str = "twin"  # in launch/rigs, or a file
    arm: Annotated[str | None, _arg("ARM", "the rig's first")] = None
    device: Annotated[str | None, _arg("DEVICE", "the rig's own, or the keyboard")] = None
    seconds: Annotated[float | None, _arg("S", "until Ctrl-C")] = None  # how long


Command = (
    Annotated[Train, tyro.conf.subcommand("train")]
    | Annotated[Demo, tyro.conf.subcommand("demo")]
    | Annotated[Eval, tyro.conf.subcommand("eval")]
    | Annotated[Replay, tyro.conf.subcommand("replay")]
    | Annotated[Twin, tyro.conf.subcommand("twin")]
    | Annotated[Doctor, tyro.conf.subcommand("doctor")]
    | Annotated[Jog, tyro.conf.subcommand("jog")]
    | Annotated[Reward, tyro.conf.subcommand("reward")]
)
