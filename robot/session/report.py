"""report.html: one file that opens anywhere, without a network, and says how the session went."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from robot.session import plots
from robot.session.headline import Headline, headline, of_kind
from robot.session.live import LABELS, NONE, clock
from robot.session.metrics import Row
from robot.session.statistics import Rate

WARNING = re.compile(r"\b(WARN(ING)?|ERROR|CRITICAL|FATAL|Traceback)\b")
MAX_WARNINGS = 100
TITLES = {"tick": "Control tick", "swap": "Weight swap"}
VALUES = {"q_expert": ("expert half", plots.HUMAN), "q_online": ("online half", plots.POLICY)}
LOSSES = {"critic_loss": ("critic", plots.POLICY), "bc_loss": ("stay near\ndemonstrations", plots.HUMAN)}
RESIDUAL = {"residual_abs": ("mean size", plots.POLICY), "saturation": ("at its limit", plots.HUMAN)}


def write_report(run_dir: Path | str, summary: Mapping[str, Any], metrics: Sequence[Row]) -> Path:
    """Write report.html and media/learning_curve.png into a run folder; returns the report's path.

    Works on a session that was cut short: what was not measured is left out or shown as a dash. GIFs in
    media/ are put into the page, those whose names begin with base and final first.

    Args:
        run_dir: holds config.json, logs/*.log and media/*.gif, as far as they exist.
        summary: summary.json's content: task, preset, seed and wall_time_s are shown.
        metrics: the rows of metrics.jsonl.
    """
    root, head = Path(run_dir), headline(metrics)
    curve = plots.learning_curve(metrics, head)
    page = _template().render(
        **_header(root, summary, head),
        curve=_inline(curve),
        gifs=list(_gifs(root / "media")),
        sections=_sections(metrics),
        stages=_stages(head),
        warnings=list(_warnings(root / "logs", metrics)),
        config=list(_flat(_config(root / "config.json"))),
    )
    (root / "report.html").write_text(page, encoding="utf-8")
    plots.png(plots.learning_curve(metrics, head), root / "media" / "learning_curve.png")
    return root / "report.html"


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("robot.session", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("report.html.j2")


def _header(root: Path, summary: Mapping[str, Any], head: Headline) -> dict[str, Any]:
    to_90 = head.online_steps_to_90
    preset, seed = summary.get("preset", NONE), summary.get("seed", NONE)
    wall_s = summary.get("wall_time_s") or head.active_s
    return {
        "title": f"Nudge: {summary.get('task', 'training session')}",
        "subtitle": f"{preset} · seed {seed} · {root.resolve().name}",
        "rates": [_rate(head.base, "base alone", "base"), _rate(head.final, "after learning", "final")],
        "facts": [
            ("wall time", clock(float(wall_s))),
            ("steps to 90%", NONE if to_90 is None else f"{to_90:,}"),
            ("online steps", f"{head.online_steps:,}"),
            ("episodes", f"{head.online_episodes:,}"),
            ("times helped", f"{head.interventions:,}"),
            ("human steps", f"{head.human_steps:,}"),
            ("restarts", f"{head.restarts:,}"),
        ],
    }


def _rate(rate: Rate, name: str, role: str) -> dict[str, str]:
    low, high = rate.interval
    measured = not math.isnan(rate.value)
    detail = (
        f"{rate.successes} of {rate.n}, 95% interval {low:.0%} to {high:.0%}" if measured else "not measured"
    )
    return {
        "name": name,
        "role": role,
        "percent": f"{rate.value:.0%}" if measured else NONE,
        "detail": detail,
    }


def _sections(metrics: Sequence[Row]) -> list[tuple[str, list[Markup]]]:
    learner = [
        plots.lines(metrics, "Critic value", VALUES),
        plots.lines(metrics, "Losses", LOSSES, log=True),
        plots.lines(metrics, "Residual", RESIDUAL),
        plots.bc_loss(metrics),
    ]
    newest: dict[str, Row] = {row["name"]: row for row in of_kind(metrics, "histogram")}
    latency = [plots.histogram(row, TITLES.get(name) or name) for name, row in newest.items()]
    groups = (("Learner", learner), ("Episodes and latency", [plots.episode_lengths(metrics), *latency]))
    return [(name, [_inline(f) for f in figures if f is not None]) for name, figures in groups]


def _stages(head: Headline) -> list[dict[str, str]]:
    longest = max([*head.stage_s.values(), 1e-9])
    return [
        {"name": LABELS[name], "percent": f"{100 * seconds / longest:.1f}", "time": clock(seconds)}
        for name, seconds in head.stage_s.items()
    ]


def _gifs(media: Path) -> Iterator[tuple[str, str]]:
    order = {"base": 0, "final": 1}
    for path in sorted(media.glob("*.gif"), key=lambda p: (order.get(p.stem.split("_")[0], 2), p.name)):
        data = base64.b64encode(path.read_bytes()).decode()
        yield path.stem.replace("_", " "), f"data:image/gif;base64,{data}"


def _warnings(logs: Path, metrics: Sequence[Row]) -> Iterator[str]:
    lines = [f"{row['node']}: {row['text']}" for row in of_kind(metrics, "warning")]
    lines += [
        f"{path.stem}: {line.strip()}"
        for path in sorted(logs.glob("*.log"))
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if WARNING.search(line)
    ]
    yield from lines[:MAX_WARNINGS]
    if len(lines) > MAX_WARNINGS:
        yield f"and {len(lines) - MAX_WARNINGS} more in {logs}"


def _config(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif name:
        yield name, value if isinstance(value, str) else json.dumps(value)


def _inline(figure: Figure) -> Markup:
    # matplotlib escapes the text it draws, so this is the one place where markup is trusted.
    return Markup(plots.svg(figure))
