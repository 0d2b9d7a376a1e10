"""Before a stage: its stores are brought in order, and what was damaged is told in one line each."""

from __future__ import annotations

from policies.replay.episode_store import EpisodeStore
from robot.session.job import Job
from robot.session.metrics import MetricsLog


def recover_stores(job: Job) -> None:
    """Finish cut-off episodes, move damaged ones away, and write a warning row for each of those.

    Plans are made from the store, so this comes before any process looks into it.

    Raises:
        StoreError: another session writes there.
    """
    for root in {j.store_root for j in job.workers()}:
        if root.is_dir():
            _recover(EpisodeStore(root), job)


def _recover(store: EpisodeStore, job: Job) -> None:
    metrics = MetricsLog(job.output_dir / "metrics.jsonl")
    try:
        for problem in store.recover():
            metrics.write("warning", node="store", text=str(problem), fatal=False)
    finally:
        store.close()
        metrics.close()
