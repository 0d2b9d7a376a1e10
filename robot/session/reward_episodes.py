"""A run's recorded episodes, demonstrations, practice and evaluations, as a success classifier's material."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from policies.replay.episode_store import EpisodeStore
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.inputs import Inputs, inputs_of
from policies.rewards.classifier.labels import LabelledEpisode, labelled
from robot.core.errors import NudgeError
from robot.session import graph
from robot.session.config import load_config
from robot.session.job import Job


@dataclass(frozen=True)
class Recorded:
    """What could be used of a run."""

    episodes: tuple[LabelledEpisode, ...]
    cut_off: int  # episodes that nobody judged


def run_inputs(run: Path) -> Inputs:
    """What the run's policy saw; ConfigError without a session there, SpecMismatch without cameras."""
    job = Job(run, load_config(run / "config.json"), "demos")
    encoder = graph.make_encoder(job)
    spec = graph.make_spec(job, encoder).observation
    return inputs_of(job.task.name, spec, encoder.fingerprint if encoder else "none")


def read_run(run: Path, inputs: Inputs, config: ClassifierConfig) -> Recorded:
    """Every finished episode of ``run``, with a progress bar; NudgeError if there is none."""
    stores = list(_stores(run))
    every = [(store, i) for store in stores for i in store.ids()]
    if not every:
        raise NudgeError(f"{run} has no recorded episodes; record some with `nudge train` or `nudge demo`")
    bar = track(every, f"reading {run}", console=Console(stderr=True))
    made = [labelled(store.read(i), inputs, config) for store, i in bar]
    usable = tuple(e for e in made if e is not None)
    return Recorded(usable, len(made) - len(usable))


def _stores(run: Path) -> Iterator[EpisodeStore]:
    for root in (run / "episodes", *sorted((run / "eval").glob("*/*"))):
        if root.is_dir():
            yield EpisodeStore(root)
