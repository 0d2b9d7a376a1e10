"""Recorded episodes of runs, from demonstrations to evaluations, as a success classifier's material."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from policies.replay.episode_store import EpisodeStore
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.inputs import Inputs, inputs_of
from policies.rewards.classifier.labels import LabelledEpisode, labelled
from robot.core.errors import NudgeError, SpecMismatch
from robot.session import graph
from robot.session.config import load_config
from robot.session.job import Job
from robot.session.rigs import is_twin


@dataclass(frozen=True)
class Recorded:
    """What could be used of some runs."""

    episodes: tuple[LabelledEpisode, ...]
    cut_off: int  # episodes that nobody judged


def margin_of(runs: Sequence[Path]) -> int:
    """Frames before a success that its judge may have missed: the twin's misses none, a person's key two."""
    jobs = (Job(run, load_config(run / "config.json"), "demos") for run in runs)
    return 0 if all(is_twin(job.rig) for job in jobs) else ClassifierConfig().margin_steps


def shared_inputs(runs: Sequence[Path]) -> Inputs:
    """What the policies of all ``runs`` saw.

    Raises:
        ConfigError: no session in a run. SpecMismatch: no cameras, or the runs differ.
    """
    first, *others = [_inputs(run) for run in runs]
    for run, inputs in zip(runs[1:], others, strict=True):
        if inputs.fingerprint() != first.fingerprint():
            raise SpecMismatch(
                f"{run} saw {inputs}, {runs[0]} saw {first}; learn from runs of one task and rig"
            )
    return first


def _inputs(run: Path) -> Inputs:
    job = Job(run, load_config(run / "config.json"), "demos")
    encoder = graph.make_encoder(job)
    spec = graph.make_spec(job, encoder).observation
    return inputs_of(job.task.name, spec, encoder.fingerprint if encoder else "none")


def read_runs(runs: Sequence[Path], inputs: Inputs, config: ClassifierConfig) -> Recorded:
    """Every finished episode of ``runs``, with a progress bar; NudgeError if one of them has none."""
    found = {run: [(store, i) for store in _stores(run) for i in store.ids()] for run in runs}
    for run, episodes in found.items():
        if not episodes:
            raise NudgeError(
                f"{run} has no recorded episodes; record some with `nudge train` or `nudge demo`"
            )
    every = [episode for episodes in found.values() for episode in episodes]
    bar = track(every, "reading episodes", console=Console(stderr=True))
    made = [labelled(store.read(i), inputs, config) for store, i in bar]
    usable = tuple(e for e in made if e is not None)
    return Recorded(usable, len(made) - len(usable))


def _stores(run: Path) -> Iterator[EpisodeStore]:
    for root in (run / "episodes", *sorted((run / "eval").glob("*/*"))):
        if root.is_dir():
            yield EpisodeStore(root)
