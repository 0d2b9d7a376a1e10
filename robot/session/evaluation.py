"""`nudge eval`: a finished session's policy, without interventions, on starts that it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from policies.replay.episode_store import Card, EpisodeStore
from policies.weights_file import read_weights
from robot.cell_config import Randomize
from robot.core.errors import NudgeError
from robot.core.types import Outcome
from robot.session.base_actions import has_base_actions
from robot.session.config import SessionConfig, load_config
from robot.session.evaluations import plan_evaluation, write_result
from robot.session.job import Job, Stage, fresh_seeds
from robot.session.log_file import log_to
from robot.session.metrics import Row
from robot.session.poll import Poll
from robot.session.recovery import recover_stores
from robot.session.rigs import is_twin
from robot.session.runner import make_runner
from robot.session.statistics import Rate

_STAGES: dict[str, Stage] = {"base": "base_eval", "final": "final_eval"}


def evaluate(
    run_dir: Path,
    policy: str,
    episodes: int,
    randomize: Randomize | None = None,
    version: int | None = None,
) -> dict[str, Any]:
    """Run ``episodes`` fresh episodes into a folder of RUN/eval and return the result, also written there.

    Args:
        randomize: of the twin's cell; None: as the session has it.
        version: of the final policy's weights; None: the newest.

    Raises:
        NudgeError: no session in ``run_dir``, one without that policy, or a real cell to be randomised.
    """
    config = load_config(run_dir / "config.json")
    _require(policy, run_dir, config, version)
    other = None if randomize == config.cell.twin.randomize else randomize
    if other is not None and not is_twin(Job(run_dir, config, _STAGES[policy]).rig):
        raise NudgeError(
            f"--randomize {other}: rig {config.rig_name} is real, only the twin can be randomised"
        )
    evaluation = plan_evaluation(run_dir, policy, episodes, fresh_seeds(config), other, version)
    job = Job(run_dir, config, _STAGES[policy], evaluation=evaluation)
    log_to(job.output_dir)
    recover_stores(job)
    with _Bar(f"{config.task} {policy}", episodes) as bar:
        make_runner(config).run(job, Poll(job.output_dir / "metrics.jsonl", bar.show))
    result = _result(job, policy)
    write_result(run_dir, evaluation, result)
    return result


def _require(policy: str, run_dir: Path, config: SessionConfig, version: int | None) -> None:
    if policy == "base" and not config.use_base:
        raise NudgeError(f"{run_dir} has no base policy (preset {config.preset}); try --policy final")
    if policy == "final" and not config.learn:
        raise NudgeError(f"{run_dir} has no final policy (preset {config.preset}); try --policy base")
    ready = has_base_actions(run_dir) if policy == "base" else any((run_dir / "weights").glob("*.weights"))
    if not ready:
        raise NudgeError(f"{run_dir} has no {policy} policy yet; go on with its `nudge train` command first")
    if version is not None and policy == "base":
        raise NudgeError("--version is of the learned weights; the base has none")
    if version is not None:
        read_weights(run_dir / "weights", version)


class _Bar:
    """One line with the episodes done and the successes among them, on stderr."""

    def __init__(self, title: str, total: int) -> None:
        columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        self._progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
        self._task = self._progress.add_task("starting", total=total)
        self._done, self._good = 0, 0

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._progress.stop()

    def show(self, rows: Sequence[Row]) -> None:
        """Count the episodes among ``rows``."""
        finished = [r for r in rows if r["kind"] == "episode" and r["outcome"] != "aborted"]
        self._done += len(finished)
        self._good += sum(bool(r["success"]) for r in finished)
        if finished:
            text = f"{self._good} successful"
            self._progress.update(self._task, completed=self._done, description=text)


def _result(job: Job, policy: str) -> dict[str, Any]:
    assert job.evaluation is not None
    cards = [c for j in job.workers() for c in EpisodeStore(j.store_root).cards("eval")]
    finished = [c for c in cards if c.outcome is not Outcome.ABORTED]
    good = [c for c in finished if c.outcome is Outcome.SUCCESS]
    want = job.evaluation.episodes
    if len(finished) != want:
        raise NudgeError(f"stopped at {len(finished)} of {want} episodes; the same command goes on")
    rate, cycle_time_s = Rate(len(good), len(finished)), _cycle_time(good, job)
    low, high = rate.interval
    mean = "" if cycle_time_s is None else f", mean cycle {cycle_time_s:.1f} s"
    cell = job.cell.twin.randomize
    where = "" if cell == "off" else f" in {cell} cells"
    return {
        "task": job.config.task,
        "preset": job.config.preset,
        "policy": policy,
        "version": job.evaluation.version,
        "randomize": cell,
        "episodes": rate.n,
        "successes": rate.successes,
        "success": rate.value,
        "interval": [round(low, 4), round(high, 4)],
        "cycle_time_s": cycle_time_s,
        "first_seed": job.evaluation.first_seed,
        "folder": str(job.output_dir),
        "text": f"{policy} success {rate.value:.1%}{where}  (95 % interval {low:.1%} to {high:.1%}, "
        f"{rate.n} episodes{mean})\nepisodes: {job.output_dir}",
    }


def _cycle_time(good: Sequence[Card], job: Job) -> float | None:
    """Mean seconds of a successful episode."""
    steps = sum(c.steps for c in good)
    return round(steps / len(good) * job.task.control_period_s, 2) if good else None
