"""One process's view of a session: which stage it works for, and where everything lies."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from policies.plan import EpisodePlan
from policies.replay.episode_store import EpisodeStore
from policies.tasks import TASKS
from robot.cell_config import CellConfig
from robot.core.config import config_hash
from robot.core.types import Outcome
from robot.rig import RigConfig
from robot.session.config import SessionConfig
from robot.session.evaluations import Evaluation
from robot.session.rigs import is_twin, load_rig
from robot.task import Task

RIG_FILE = "rig.yaml"
Stage = Literal["demos", "bc", "base_eval", "online", "final_eval"]
EVALS = ("base_eval", "final_eval")
_SEEDS = 1_000_000  # apart for every session seed
_DEMO_SEEDS, _ONLINE_SEEDS, _EVAL_SEEDS = 0, 100_000, 900_000  # evaluation never sees a trained start
_FRESH_SEEDS = 950_000  # of evaluations after the session


@dataclass(frozen=True)
class _Resolved:
    config: SessionConfig
    rig: RigConfig


@dataclass(frozen=True)
class Job:
    """Paths and plans that follow from (run folder, settings, stage, worker).

    With an ``evaluation`` the stage is that policy's, on other starts, and everything written goes there.
    """

    run_dir: Path
    config: SessionConfig
    stage: Stage
    worker: int = 0
    evaluation: Evaluation | None = None

    @property
    def task(self) -> Task:
        """The skill."""
        return TASKS.load(self.config.task)

    @cached_property
    def rig(self) -> RigConfig:
        """The cell as it was when the session began; `prepare` keeps the file with the run."""
        kept = self.run_dir / RIG_FILE
        return load_rig(kept if kept.exists() else self.config.rig_name)

    @property
    def realtime(self) -> bool:
        """Whether the cell waits for nobody."""
        return self.config.cell.realtime or not is_twin(self.rig)

    @property
    def cell(self) -> CellConfig:
        """The twin's settings: the session's, randomised as the evaluation asks."""
        cell = self.config.cell
        if self.evaluation is None or self.evaluation.randomize is None:
            return cell
        return replace(cell, twin=replace(cell.twin, randomize=self.evaluation.randomize))

    @property
    def config_hash(self) -> str:
        """Of all settings and the rig's; goes into every episode."""
        return config_hash(_Resolved(replace(self.config, cell=self.cell), self.rig))

    @property
    def output_dir(self) -> Path:
        """Where metrics.jsonl and logs/ are."""
        return self.run_dir / "eval" / self.evaluation.name if self.evaluation else self.run_dir

    @property
    def store_root(self) -> Path:
        """Experience of this stage; evaluations keep theirs apart, one a worker."""
        if self.stage not in EVALS:
            return self.run_dir / "episodes"
        folder = self.evaluation.name if self.evaluation else self.stage
        return self.run_dir / "eval" / folder / str(self.worker)

    def workers(self) -> list[Job]:
        """This job for every graph that shares it: several in an evaluation, else one."""
        count = self._eval_workers if self.stage in EVALS else 1
        return [replace(self, worker=w) for w in range(count)]

    @property
    def _eval_workers(self) -> int:
        return self.config.eval_workers if is_twin(self.rig) else 1  # there is one cell

    @property
    def base_dir(self) -> Path:
        """The frozen base policy."""
        return self.run_dir / "base"

    def plan(self) -> EpisodePlan:
        """What is left to do; the store is the truth, so a restarted actor goes on where it stopped."""
        store = EpisodeStore(self.store_root)
        first = _SEEDS * self.config.seed
        who = "simulated" if is_twin(self.rig) else getpass.getuser()
        return replace(self._stage_plan(store, first), operator=who, rig=self.config.rig_name)

    def _stage_plan(self, store: EpisodeStore, first: int) -> EpisodePlan:
        if self.stage == "demos":
            return self._demo_plan(store, first + _DEMO_SEEDS)
        if self.stage == "online":
            return self._online_plan(store, first + _ONLINE_SEEDS)
        return self._eval_plan(store, self.evaluation.first_seed if self.evaluation else first + _EVAL_SEEDS)

    def eval_share(self) -> range:
        """Numbers of the evaluation episodes that this worker runs."""
        n = self.evaluation.episodes if self.evaluation else self.config.eval_episodes
        workers = self._eval_workers
        return range(n * self.worker // workers, n * (self.worker + 1) // workers)

    def _demo_plan(self, store: EpisodeStore, seed: int) -> EpisodePlan:
        cards = store.cards("demo")
        done = sum(c.outcome is Outcome.SUCCESS for c in cards)
        left = self.config.demos - done
        return EpisodePlan("demo", store.next_id(), seed + len(cards), successes=left)

    def _online_plan(self, store: EpisodeStore, seed: int) -> EpisodePlan:
        cards = store.cards("train")
        done = sum(c.steps for c in cards)
        return EpisodePlan(
            "train",
            store.next_id(),
            seed + len(cards),
            steps=self.config.online_steps - done,
            steps_before=done,
            teleop_allowed=self.config.interventions,
            explore=True,
            throttled=not self.realtime,  # a real arm waits for nobody
        )

    def _eval_plan(self, store: EpisodeStore, seed: int) -> EpisodePlan:
        # An episode that was cut off is run again, so the worker's share has no holes.
        done = len([c for c in store.cards("eval") if c.outcome is not Outcome.ABORTED])
        share = self.eval_share()
        return EpisodePlan(
            "eval",
            store.next_id(),
            seed + share.start + done,
            episodes=len(share) - done,
            teleop_allowed=False,
        )


def fresh_seeds(config: SessionConfig) -> range:
    """Seeds that no stage of a session with these settings, nor of one with another seed, uses."""
    first = _SEEDS * config.seed
    return range(first + _FRESH_SEEDS, first + _SEEDS)
