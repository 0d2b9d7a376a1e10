"""The work of `nudge reward export` and `nudge reward bench-vlm`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from policies.rewards.vlm.config import VlmConfig
from robot.session.grounding import ExportPlan, bench_vlm, export
from robot.session.grounding_text import bench_text


def export_rows(out: Path, scenes: int, held_out: int, **plan: Any) -> dict[str, Any]:
    """Draw a train and a test split into ``out``; ``plan`` holds the fields of `ExportPlan`."""
    rows = export(ExportPlan(**plan), out, {"train": scenes, "test": held_out}, Console(stderr=True))
    text = f"{out}: " + ", ".join(f"{n} rows in {split}.jsonl" for split, n in rows.items())
    return {"folder": str(out), "rows": rows, "text": text}


def score_model(
    endpoint: str,
    model: str,
    scenes: int,
    coord_format: str,
    out: Path,
    data: Path | None,
    api_key_env: str | None,
) -> dict[str, Any]:
    """Ask a served model about held-out scenes; the status is 1 where it answered nothing at all."""
    config = VlmConfig(endpoint, model, api_key_env)
    plan = ExportPlan(coord_format=coord_format, boxes=False)
    summary = bench_vlm(config, plan, scenes, data, out, Console(stderr=True))
    status = 0 if summary["no_answer"]["value"] < 1 else 1
    return {**summary, "status": status, "text": bench_text(summary)}
