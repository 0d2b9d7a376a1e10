"""A session that goes on for more online steps than it was begun with."""

from __future__ import annotations

from pathlib import Path

from robot.session.config import SessionConfig
from robot.session.job import Job
from robot.session.metrics import MetricsLog


def lay_final_eval_aside(run_dir: Path, config: SessionConfig) -> None:
    """Keep what the session of these settings ended with as eval/final_eval-STEPS, so that it ends anew."""
    final = Job(run_dir, config, "final_eval").store_root.parent
    if final.exists():
        final.rename(final.with_name(f"{final.name}-{config.online_steps}"))
    metrics = MetricsLog(run_dir / "metrics.jsonl")
    metrics.write("stage", stage="final_eval", state="again", total=config.eval_episodes)
    metrics.close()
