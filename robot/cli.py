"""The command `nudge`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro
import yaml
from rich.console import Console

from robot.core.config import from_dict, to_dict
from robot.core.errors import ConfigError, NudgeError
from robot.core.registry import load
from robot.session.config import Host, SessionConfig, preset


@dataclass(frozen=True)
class Train:
    """A whole training session: demonstrations, imitation, online learning, evaluation.

    Stop it with Ctrl-C whenever you like; the same command goes on where it stopped.

    Examples:
      nudge train --task peg_insert
      nudge train --preset rlpd --seed 1
      nudge train --no-interventions --run runs/alone
      nudge train --config my_session.yaml
    """

    task: str = "peg_insert"
    preset: str = "residual"  # residual, rlpd or bc
    seed: int = 0
    host: Host = "ros"
    interventions: bool = True
    demos: int | None = None  # successful demonstrations; default: the preset's
    online_steps: int | None = None
    eval_episodes: int | None = None
    run: Path | None = None  # default: runs/TASK-PRESET-SEED
    config: Path | None = None  # YAML with any of the session's settings, over the preset's
    json: bool = False  # print the summary as JSON


@dataclass(frozen=True)
class Demo:
    """Record demonstrations alone (the first stage of `nudge train`).

    Example:
      nudge demo --task lift --demos 5 --run runs/lift-demos
    """

    task: str = "peg_insert"
    demos: int = 20
    seed: int = 0
    host: Host = "ros"
    run: Path | None = None


@dataclass(frozen=True)
class Eval:
    """Evaluate a run's policy without interventions, on fresh starts.

    Example:
      nudge eval runs/peg_insert-residual-0 --episodes 100 --policy final
    """

    run: Annotated[Path, tyro.conf.Positional]
    episodes: int = 100
    policy: str = "final"  # final or base
    json: bool = False


@dataclass(frozen=True)
class Replay:
    """Look at recorded episodes: a GIF of what the cameras saw, and a line a step.

    Example:
      nudge replay runs/peg_insert-residual-0 --episode 3
    """

    run: Annotated[Path, tyro.conf.Positional]
    episode: int | None = None  # default: list the episodes
    out: Path | None = None  # default: RUN/media/episode-N.gif


Command = (
    Annotated[Train, tyro.conf.subcommand("train")]
    | Annotated[Demo, tyro.conf.subcommand("demo")]
    | Annotated[Eval, tyro.conf.subcommand("eval")]
    | Annotated[Replay, tyro.conf.subcommand("replay")]
)


def main() -> int:
    """Exit 0 only when what the command promises happened."""
    command = tyro.cli(Command, prog="nudge", description="Teach a robot arm a precise skill.")  # type: ignore[arg-type]
    try:
        HANDLERS[type(command)](command)
    except NudgeError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False)
        return 2
    except KeyboardInterrupt:
        Console(stderr=True).print("\nstopped; the same command resumes where it stopped", highlight=False)
        return 130
    return 0


def session_config(args: Train) -> SessionConfig:
    """The preset with the command line's and the file's settings over it."""
    config = preset(args.preset)
    data = to_dict(config)
    if args.config is not None:
        data = _merged(data, _read_yaml(args.config))
    data |= {"task": args.task, "seed": args.seed, "host": args.host, "interventions": args.interventions}
    for name in ("demos", "online_steps", "eval_episodes"):
        if getattr(args, name) is not None:
            data[name] = getattr(args, name)
    return from_dict(SessionConfig, data, str(args.config or "command line"))


def _train(args: Train) -> None:
    config = session_config(args)
    run = args.run or Path("runs") / f"{config.task}-{config.preset}-{config.seed}"
    summary = load("robot.session.session:run_session")(run, config)
    _print_summary(summary, run, args.json)


def _demo(args: Demo) -> None:
    config = replace(preset("bc"), task=args.task, demos=args.demos, seed=args.seed, host=args.host)
    run = args.run or Path("runs") / f"{args.task}-demos-{args.seed}"
    load("robot.session.session:run_demos")(run, config)
    Console().print(f"recorded to {run / 'episodes'}; look at one with `nudge replay {run} --episode 0`")


def _eval(args: Eval) -> None:
    summary = load("robot.session.evaluation:evaluate")(args.run, args.policy, args.episodes)
    Console().print(json.dumps(summary) if args.json else summary["text"], highlight=False)


def _replay(args: Replay) -> None:
    show = load("robot.session.replay:show")
    show(args.run, args.episode, args.out, Console())


HANDLERS = {Train: _train, Demo: _demo, Eval: _eval, Replay: _replay}


def _print_summary(summary: dict[str, object], run: Path, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(summary) + "\n")
        return
    console = Console()
    for name, key, interval in (
        ("base", "base_success", "base_interval"),
        ("final", "final_success", "interval"),
    ):
        value, bounds = summary[key], summary[interval]
        if value is not None:
            low, high = bounds  # type: ignore[misc]
            n = summary["episodes"]
            console.print(
                f"{name:>5} success {value:6.1%}  (95 % interval {low:.1%} to {high:.1%}, {n} episodes)"
            )
    console.print(f"report: {run / 'report.html'}")


def _read_yaml(path: Path) -> dict[str, object]:
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError([f"cannot be read: {error}"], str(path)) from error
    if not isinstance(data, dict):
        raise ConfigError([f"got {type(data).__name__}, want a table of settings"], str(path))
    return data


def _merged(base: dict, over: dict) -> dict:
    both = dict(base)
    for key, value in over.items():
        nested = isinstance(value, dict) and isinstance(base.get(key), dict)
        both[key] = _merged(base[key], value) if nested else value
    return both


if __name__ == "__main__":
    sys.exit(main())
