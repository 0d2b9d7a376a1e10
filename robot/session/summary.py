"""The end of a session: summary.json, the report, and moving pictures of base and final policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from policies.replay.episode_store import EpisodeStore
from policies.tasks import TASKS
from robot.session.config import SessionConfig
from robot.session.gif import mosaic_gif
from robot.session.headline import headline, of_kind, of_stage
from robot.session.job import Stage
from robot.session.metrics import Row, read_metrics
from robot.session.report import write_report
from robot.session.statistics import steps_to_threshold, wilson

_SHOWN = 9  # episodes in a mosaic


def finish(run_dir: Path, config: SessionConfig) -> dict[str, Any]:
    """Write everything a person or a machine reads afterwards; returns the summary."""
    metrics = read_metrics(run_dir / "metrics.jsonl")
    summary = summarise(run_dir, config, metrics)
    (run_dir / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    if TASKS.load(config.task).cameras:
        for stage in ("base_eval", "final_eval"):
            _write_mosaic(run_dir, stage)
    write_report(run_dir, summary, metrics)
    return summary


def summarise(run_dir: Path, config: SessionConfig, metrics: Sequence[Row]) -> dict[str, Any]:
    """The run in numbers (DESIGN.md, section 7)."""
    online, head = of_stage(metrics, "online"), headline(metrics)
    actor = [r for r in of_kind(metrics, "actor")]
    period_s = TASKS.load(config.task).control_period_s
    demos, base, final = (_rate(of_stage(metrics, s), period_s) for s in ("demos", "base_eval", "final_eval"))
    return {
        "task": config.task,
        "preset": config.preset,
        "seed": config.seed,
        "host": config.host,
        "interventions_allowed": config.interventions,
        "base_success": base["success"],
        "base_interval": base["interval"],
        "final_success": final["success"],
        "interval": final["interval"],
        "episodes": config.eval_episodes,
        "online_steps": sum(int(r["steps"]) for r in online),
        "online_steps_to_90": steps_to_threshold(online),
        "interventions": head.human_steps,
        "handovers": head.interventions,
        "control_period_s": period_s,
        "cycle_time_s": final["cycle_time_s"],
        "demo_cycle_time_s": demos["cycle_time_s"],
        "wall_time_s": round(head.active_s, 1),
        "weights_versions": max((int(r["weights_version"]) for r in online), default=0),
        "steps_recorded": _steps_recorded(run_dir),
        "tick_p99_ms": actor[-1]["tick_p99_ms"] if actor else None,
    }


def _rate(rows: Sequence[Row], period_s: float) -> dict[str, Any]:
    finished = [r for r in rows if r["outcome"] != "aborted"]
    if not finished:
        return {"success": None, "interval": None, "cycle_time_s": None}
    good = [r for r in finished if r["success"]]
    low, high = wilson(len(good), len(finished))
    steps = sum(int(r["steps"]) for r in good) / len(good) if good else None
    return {
        "success": len(good) / len(finished),
        "interval": [round(low, 4), round(high, 4)],
        "cycle_time_s": None if steps is None else round(period_s * steps, 2),
    }


def _steps_recorded(run_dir: Path) -> int:
    store = EpisodeStore(run_dir / "episodes")
    return sum(store.card(i).steps for i in store.ids())


def _write_mosaic(run_dir: Path, stage: Stage) -> None:
    store = EpisodeStore(run_dir / "eval" / stage / "0")
    episodes = [store.read(i) for i in store.ids()[:_SHOWN]]
    if episodes:
        (run_dir / "media").mkdir(exist_ok=True)
        name = stage.removesuffix("_eval")
        mosaic_gif(episodes, run_dir / "media" / f"{name}_policy.gif", "wrist")
