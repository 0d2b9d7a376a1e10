"""A model's test in a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LINES = (
    ("error_px_median", "pixel error, median", "{:.1f} px"),
    ("error_px_p90", "pixel error, 90th", "{:.1f} px"),
    ("error_mm_median", "3-D error at known height, median", "{:.1f} mm"),
    ("pck_5px", "within 5 px", "{:.1%}"),
    ("pck_10px", "within 10 px", "{:.1%}"),
    ("pck_20px", "within 20 px", "{:.1%}"),
    ("in_mask", "on the thing", "{:.1%}"),
    ("wrong_axis", "x and y exchanged", "{:.1%}"),
    ("format_failures", "not in the format", "{:.1%}"),
    ("no_answer", "no answer", "{:.1%}"),
    ("hidden_recognised", "hidden things recognised", "{:.1%}"),
)


def bench_text(summary: Mapping[str, Any]) -> str:
    """Each statistic with its 95 % interval."""
    head = f"{summary['model']}: {summary['questions']} questions about {summary['scenes']} scenes"
    lines = [f"{title:<34}{_shown(summary[name], form)}" for name, title, form in _LINES]
    p50, p90 = summary["latency_p50_s"], summary["latency_p90_s"]
    latency = "none" if p50 is None else f"{p50:.2f} s, 90th {p90:.2f} s"
    failures = ", ".join(f"{kind} {n}" for kind, n in summary["failures"].items())
    return "\n".join(
        [head, *lines, f"{'latency, median':<34}{latency}", *([f"failures: {failures}"] * bool(failures))]
    )


def _shown(found: Mapping[str, float | None], form: str) -> str:
    value, low, high = found["value"], found["low"], found["high"]
    if value is None or low is None or high is None:
        return "no answer to tell by"
    return f"{form.format(value)}  ({form.format(low)} to {form.format(high)})"
