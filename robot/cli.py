"""The command `nudge`."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from policies.tasks import TASKS
from robot import __version__
from robot.arguments import Command, Demo, Doctor, Eval, Jog, Replay, Train, Twin
from robot.core.config import from_dict, to_dict
from robot.core.errors import NudgeError
from robot.core.registry import load
from robot.reward_arguments import WORK, Reward
from robot.session.config import PRESETS, SessionConfig, preset
from robot.yaml_file import read_yaml

_DESCRIPTION = """Teach a robot arm a precise skill in about the time of a coffee break.
`nudge COMMAND --help` explains a command, `nudge --version` prints the version. Tab completion for bash
(zsh and tcsh likewise):
  nudge --tyro-print-completion bash > ~/.local/share/bash-completion/completions/nudge
"""
_WRONG, _INTERRUPTED = 2, 130


def main() -> int:
    """Exit 0 only when what the command promises happened."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start without it
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"nudge {__version__}\n")
        return 0
    config = (tyro.conf.DisallowNone, tyro.conf.FlagCreatePairsOff)
    command = tyro.cli(Command, prog="nudge", description=_DESCRIPTION, config=config)  # type: ignore[arg-type]
    try:
        return HANDLERS[type(command)](command) or 0
    except NudgeError as error:
        _complain("error:", str(error))
        return _WRONG
    except KeyboardInterrupt:
        _complain("stopped.", f"Go on with: {shlex.join(['nudge', *sys.argv[1:]])}")
        return _INTERRUPTED


def session_config(args: Train) -> SessionConfig:
    """The preset with the file's settings over it, and the command line's over both."""
    data = {} if args.config is None else read_yaml(args.config)
    names = ("task", "preset", "seed", "rig", "host", "demos", "online_steps", "eval_episodes")
    given = {n: v for n in names if (v := getattr(args, n)) is not None}
    if not args.interventions:
        given["interventions"] = False
    if args.autonomous:
        given["autonomous"] = True
    name = given.get("preset", data.get("preset", SessionConfig().preset))
    base = _defaults(name, given.get("task", data.get("task", SessionConfig().task)))
    return from_dict(SessionConfig, _merged(base, data) | given, str(args.config or "command line"))


def _defaults(preset_name: str, task: str) -> dict[str, Any]:
    # What a preset is about stands above the task's settings: HIL-SERL's core imitates nobody, in any task.
    # Unknown names are reported with the other mistakes, when the settings are checked.
    plain = to_dict(SessionConfig())
    chosen = to_dict(preset(preset_name)) if preset_name in PRESETS else plain
    of_task = dict(TASKS.load(task).settings) if task in TASKS else {}
    return _merged(_merged(plain, of_task), _differences(plain, chosen))


def _differences(plain: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    found = {k: v for k, v in other.items() if v != plain[k]}
    tables = {k: _differences(plain[k], v) for k, v in found.items() if isinstance(v, dict)}
    return found | tables


def _train(args: Train) -> None:
    config = session_config(args)
    run = args.run or Path("runs") / f"{config.task}-{config.preset}-{config.seed}"
    summary = load("robot.session.session:run_session")(run, config)
    _print_summary(summary, run, args.json)


def _demo(args: Demo) -> None:
    given = {"task": args.task, "demos": args.demos, "seed": args.seed, "rig": args.rig, "host": args.host}
    config = from_dict(SessionConfig, _defaults("bc", args.task) | given, "command line")
    run = args.run or Path("runs") / f"{args.task}-demos-{args.seed}"
    load("robot.session.session:run_demos")(run, config)
    _say(f"{args.demos} demonstrations are in {run / 'episodes'}; list them with `nudge replay {run}`")


def _eval(args: Eval) -> None:
    evaluate = load("robot.session.evaluation:evaluate")
    result = evaluate(args.run, args.policy, args.episodes, args.randomize, args.version)
    _say(json.dumps(result) if args.json else result["text"])


def _replay(args: Replay) -> None:
    load("robot.session.replay:show")(args.run, args.episode, args.out, Console())


def _twin(args: Twin) -> None:
    load("robot.session.picture:draw_cell")(args.task, args.seed, args.out)
    _say(f"drawn to {args.out}")


def _doctor(args: Doctor) -> int:
    return load("robot.doctor.report:run_doctor")(args.rig, args.json, Console())


def _jog(args: Jog) -> None:
    load("robot.session.jog:jog")(args.rig, args.arm, args.device, args.seconds, Console())


def _reward(args: Reward) -> int:
    given = dict(vars(args.command))
    as_json = given.pop("json")
    result = load(WORK[type(args.command)])(**given)
    _say(json.dumps(result) if as_json else result["text"])
    return result.get("status", 0)


HANDLERS: dict[type, Callable[[Any], int | None]] = {  # an exit status, or None for 0
    Train: _train,
    Demo: _demo,
    Eval: _eval,
    Replay: _replay,
    Twin: _twin,
    Jog: _jog,
    Doctor: _doctor,
    Reward: _reward,
}


def _print_summary(summary: dict[str, Any], run: Path, as_json: bool) -> None:
    if as_json:
        _say(json.dumps(summary))
        return
    for name, interval in (("base", "base_interval"), ("final", "interval")):
        value = summary[f"{name}_success"]
        if value is not None:
            low, high = summary[interval]
            n = summary["episodes"]
            _say(f"{name:>5} success {value:6.1%}  (95 % interval {low:.1%} to {high:.1%}, {n} episodes)")
    _say(f"report: {run / 'report.html'}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _complain(headline: str, text: str) -> None:
    console = Console(stderr=True)
    console.print(headline, style="bold red", end=" ")
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in over.items():
        nested = isinstance(value, dict) and isinstance(base.get(key), dict)
        both[key] = _merged(base[key], value) if nested else value
    return both


if __name__ == "__main__":
    sys.exit(main())
