"""The bc stage: train the base on the successful demonstrations, freeze it, relabel the demonstrations."""

from __future__ import annotations

from collections.abc import Callable

from policies.replay.episode_store import EpisodeStore
from robot.core.registry import load
from robot.session import graph
from robot.session.base_actions import has_base_actions, write_base_actions
from robot.session.job import Job
from robot.session.metrics import MetricsLog

_EVERY = 20  # training steps between progress lines


def run_imitation(job: Job, on_line: Callable[[], None] | None = None) -> None:
    """Train unless it is done already; killed and started again, it goes on where it was."""
    if has_base_actions(job.run_dir):
        return
    demos = [e for e in EpisodeStore(job.store_root).read_all("demo") if e.success]
    spec = graph.make_spec(job, graph.make_encoder(job))
    if job.config.use_base:
        _train(job, demos, spec, on_line)
    write_base_actions(job.run_dir, demos, graph.make_base(job, spec))


def _train(job: Job, demos: list, spec: object, on_line: Callable[[], None] | None) -> None:
    metrics = MetricsLog(job.run_dir / "metrics.jsonl")

    def progress(step: int, total: int, loss: float) -> None:
        if step % _EVERY == 0 or step == total:
            metrics.write("bc", step=step, total=total, loss=loss)
            if on_line is not None:
                on_line()

    load("policies.bc.trainer:train")(demos, spec, job.config.bc, job.base_dir, progress)
    metrics.close()
