"""`nudge reward train` and `nudge reward eval`: a success classifier made of, or measured on, a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from policies.rewards.classifier import stored as folders
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.making import Made, make_classifier
from policies.rewards.classifier.measuring import measure
from robot.core.errors import NudgeError
from robot.session.classifier_figure import threshold_curve
from robot.session.classifier_text import numbers, table
from robot.session.plots import png
from robot.session.reward_episodes import margin_of, read_runs, shared_inputs

PICTURE = "threshold_curve.png"


def train_classifier(
    runs: Sequence[Path], out: Path | None, margin_steps: int | None, **settings: Any
) -> dict[str, Any]:
    """Make a classifier of the runs' episodes and write it, with a picture, to ``out``.

    Args:
        runs: of one task, with the same cameras.
        out: a new folder; None: `classifier` in the first run.
        margin_steps: None: 0 in the twin, whose judge is exact to the frame, 2 where a person judges.
        settings: the other fields of `ClassifierConfig`.

    Raises:
        NudgeError: something is there already, the runs do not fit together or have no cameras, or there are
            too few successes or failures.
    """
    if not runs:
        raise NudgeError("no run to learn from; give one or more: nudge reward train RUN [RUN ...]")
    folder, margin = out or runs[0] / "classifier", margin_of(runs) if margin_steps is None else margin_steps
    config = ClassifierConfig(margin_steps=margin, **settings)
    folders.require_new(folder)
    inputs = shared_inputs(runs)
    recorded = read_runs(runs, inputs, config)
    with _Bar(config.max_updates) as bar:
        made = make_classifier(recorded.episodes, inputs, config, bar.show)
    folders.save(folder, made.stored)
    png(threshold_curve(made.held_out, inputs.task), folder / PICTURE)
    about = _training(made, recorded.cut_off)
    text = f"{_told(about)}\n{table(made.held_out)}\nclassifier and {PICTURE}: {folder}"
    return {"folder": str(folder), **about, "held_out": numbers(made.held_out), "text": text}


def evaluate_classifier(folder: Path, run: Path, out: Path | None) -> dict[str, Any]:
    """Measure the classifier in ``folder`` on those of ``run``'s starts it never saw; a picture to ``out``.

    Raises:
        NudgeError: it was made for another rig, or has seen every start of the run.
    """
    inputs = shared_inputs([run])
    stored = folders.load(folder, inputs)
    recorded = read_runs([run], inputs, stored.config)
    fresh = [e for e in recorded.episodes if e.start not in stored.seen]
    if not fresh:
        raise NudgeError(
            f"{folder} was trained on every start of {run}; record others with `nudge eval {run}`"
        )
    measured, seen = measure(stored, fresh), len(recorded.episodes) - len(fresh)
    if out is not None:
        png(threshold_curve(measured, inputs.task), out)
    about = {
        "folder": str(folder),
        "run": str(run),
        "left_out_seen": seen,
        "left_out_cut_off": recorded.cut_off,
    }
    text = f"{seen} episodes from starts it was trained on are left out\n{table(measured)}"
    return {**about, "measured": numbers(measured), "text": text}


def _training(made: Made, cut_off: int) -> dict[str, Any]:
    parts = {name: getattr(made.parts, name) for name in ("train", "tune", "held_out")}
    return {
        "task": made.stored.inputs.task,
        "seed": made.stored.config.seed,
        "episodes": {
            name: {"n": len(p), "successes": sum(e.success for e in p)} for name, p in parts.items()
        },
        "left_out_cut_off": cut_off,
        "updates": made.trained.updates,
        "updates_made": made.trained.updates_made,
        "temperature": made.stored.temperature,
        "threshold": made.stored.threshold,
    }


def _told(about: dict[str, Any]) -> str:
    parts = ", ".join(
        f"{name.replace('_', ' ')} {p['n']} ({p['successes']} successes)"
        for name, p in about["episodes"].items()
    )
    return (
        f"episodes: {parts}; {about['left_out_cut_off']} cut off, left out\n"
        f"stopped after {about['updates_made']} updates, kept {about['updates']}; "
        f"temperature {about['temperature']:.2f}"
    )


class _Bar:
    """Updates made of the most there may be, and the tuning loss, on stderr."""

    def __init__(self, total: int) -> None:
        columns = (
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
        )
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task("compiling", total=total)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._progress.stop()

    def show(self, updates: int, loss: float) -> None:
        """One look at the tuning loss."""
        self._progress.update(self._task, completed=updates, description=f"loss {loss:.4f}")
