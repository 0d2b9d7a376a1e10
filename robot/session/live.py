"""The training session in a terminal: one compact table that is there from the first second."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from robot.session.metrics import Row
from robot.session.progress import WINDOW, SessionProgress, StageProgress
from robot.session.statistics import (
    Rate,
    autonomous_rate,
    guided_rate,
    intervention_rate,
    is_autonomous_success,
    rolling,
    rolling_interventions,
    success_rate,
    unguided,
)

PLAIN_PERIOD_S = 5.0
NONE = "\N{EN DASH}"  # also a stage that was skipped
BLOCKS = "▁▂▃▄▅▆▇█"
LABELS = {
    "demos": "demonstrations",
    "bc": "imitation",
    "base_eval": "base alone",
    "online": "online learning",
    "final_eval": "final check",
}
MARKS = {
    "waiting": ("·", "dim"),
    "start": ("▸", "bold cyan"),
    "done": ("✓", "green"),
    "skipped": (NONE, "dim"),
}


@dataclass(frozen=True)
class SessionHeader:
    """What the title line says."""

    task: str
    preset: str
    seed: int
    host: str
    run_dir: str


class LiveView:
    """Context manager. Feed it rows; on a terminal it draws a table, elsewhere it prints plain lines.

    Drawing is driven by `update` and `refresh` from the caller's loop (about once a second), so there is no
    thread, and Ctrl-C always leaves the terminal as it was.
    """

    def __init__(self, header: SessionHeader, console: Console | None = None) -> None:
        self.progress = SessionProgress()
        self._header = header
        self._console = console or Console()
        self._warning = ""
        self._started_s = time.time()
        self._printed_s = 0.0
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None

    def __enter__(self) -> LiveView:
        if self._live is None:
            h = self._header
            self._print(f"nudge: {h.task} · {h.preset} · seed {h.seed} · {h.host} · {h.run_dir}")
        else:
            self._live.start()
        self.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refresh(force=True)
        if self._live is not None:
            self._live.stop()

    def update(self, rows: Sequence[Row]) -> None:
        """Take the rows that have appeared and redraw."""
        for row in rows:
            self.progress.feed(row)
            if row["kind"] == "restart":
                self.warn(f"{row['node']} restarted: {row['reason']}")
            elif row["kind"] == "warning":
                self.warn(f"{row['node']}: {row['text']}")
            elif row["kind"] == "device":
                self.warn(f"{row['device']}: {row['reason'] or 'is back'}")
            elif row["kind"] == "safety" and (row["stopped"] or row.get("waiting")):
                self.warn(row["text"])
            elif row["kind"] == "autonomy" and row["reason"]:
                self.warn(f"help needed: {row['reason']}" if row["help_needed"] else row["reason"])
        self.refresh(force=any(row["kind"] == "stage" for row in rows))

    def warn(self, text: str) -> None:
        """Show the newest warning of the log."""
        self._warning = text.strip()
        if self._live is None:
            self._print(f"! {self._warning}")

    def refresh(self, force: bool = False) -> None:
        """Redraw; plain output only every five seconds unless forced."""
        now = time.time()
        if self._live is not None:
            self._live.update(self.render(now), refresh=True)
        elif force or now - self._printed_s >= PLAIN_PERIOD_S:
            self._printed_s = now
            self._print(plain_line(self.progress, now - self._started_s, now))

    def render(self, now_s: float) -> RenderableType:
        """The whole view at one time (unix seconds); at most 20 lines tall."""
        h = self._header
        title = Text.assemble(
            ("nudge ", "bold default"),
            (h.task, "bold cyan"),
            f" · {h.preset} · seed {h.seed} · {h.host}",
            style="default",
        )
        width = min(self._console.width, 100)
        parts: list[RenderableType] = [_stages(self.progress, now_s), Text()]
        parts += [_numbers(self.progress, max(8, min(32, width - 66)))]
        if self._warning:
            parts += [Text(), Text(f"! {self._warning[:180]}", style="yellow")]
        foot = Text(f"{h.run_dir} · {clock(now_s - self._started_s)}", style="dim")
        panel = Panel(Group(*parts), title=title, title_align="left", subtitle=foot, subtitle_align="left")
        panel.border_style, panel.width = "bright_black", width
        return panel

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def sparkline(values: Sequence[float] | np.ndarray, width: int = 32) -> str:
    """Values in [0, 1] as block characters, the newest last; longer series are thinned, NaN is a blank."""
    at = np.linspace(0, len(values) - 1, min(width, len(values))).round().astype(int)
    return "".join(" " if math.isnan(v) else _block(v) for v in np.asarray(values, np.float64)[at].tolist())


def _block(value: float) -> str:
    return BLOCKS[round(min(max(value, 0.0), 1.0) * (len(BLOCKS) - 1))]


def clock(seconds: float) -> str:
    """``1:02:03`` or ``2:03``."""
    minutes, s = divmod(max(0, int(seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{s:02d}" if minutes >= 60 else f"{minutes}:{s:02d}"


def plain_line(progress: SessionProgress, elapsed_s: float, now_s: float) -> str:
    """One line for a log file."""
    stage = progress.stages.get(progress.current)
    where = f"{stage.name} {stage.done}/{stage.total}" if stage else "between stages"
    eta = stage.eta_s(now_s) if stage else None
    words = [clock(elapsed_s), where] + ([f"eta {clock(eta)}"] if eta is not None else [])
    if progress.recent:
        human = intervention_rate(progress.recent)
        words += [f"success {_rate(success_rate(progress.recent))}", f"human {human:.0%}"]
        guided = guided_rate(progress.recent)
        words += [f"guided {guided:.0%}"] if guided else []
        words += [
            f"autonomous {_rate(autonomous_rate(progress.recent))}",
            f"weights {progress.weights_version}",
        ]
    return " · ".join(words)


def _rate(rate: Rate) -> str:
    return f"{rate.successes}/{rate.n}"


def _stages(progress: SessionProgress, now_s: float) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True, justify="right", min_width=12)
    for stage in progress.stages.values():
        mark, style = MARKS[stage.state]
        bar = ProgressBar(
            total=1.0, completed=stage.fraction, width=30, complete_style="cyan", finished_style="green"
        )
        show = stage.state in ("start", "done")
        count = f"{stage.done:,}/{stage.total:,}" if stage.total and show else ""
        name = Text(LABELS[stage.name], style=style)
        table.add_row(Text(mark, style=style), name, bar if show else "", count, _times(stage, now_s))
    return table


def _times(stage: StageProgress, now_s: float) -> Text:
    if stage.state == "start":
        eta = stage.eta_s(now_s)
        return Text("…" if eta is None else f"{clock(eta)} left", style="cyan")
    return Text({"done": clock(stage.active_s), "skipped": "skipped"}.get(stage.state, ""), style="dim")


def _numbers(progress: SessionProgress, width: int) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    for style, least in (("dim", 19), ("bold", 6), ("default", width), ("dim", 16), ("bold", 12)):
        table.add_column(no_wrap=True, style=style, min_width=least)
    for row in zip(_success_rows(progress, width), _machine_rows(progress), strict=True):
        table.add_row(*row[0], *row[1])
    return table


def _success_rows(progress: SessionProgress, width: int) -> list[tuple[str, str, Text]]:
    recent, curve = progress.recent, progress.online or list(progress.recent)
    window = f"last {len(recent) or WINDOW}"
    auto = sparkline(rolling([is_autonomous_success(e) for e in unguided(curve)]), width)
    success = sparkline(rolling([bool(e["success"]) for e in curve]), width)
    human = sparkline(rolling_interventions(curve), width)
    steps, count = progress.online_steps, len(progress.online)
    return [
        (f"autonomous, {window}", _fraction(autonomous_rate(recent).value), Text(auto, style="green")),
        (f"with help, {window}", _fraction(success_rate(recent).value), Text(success, style="cyan")),
        (f"human steps, {window}", _fraction(intervention_rate(recent)), Text(human, style="yellow")),
        ("online steps", f"{steps:,}" if steps else NONE, Text()),
        ("online episodes", str(count or NONE), Text()),
    ]


def _machine_rows(progress: SessionProgress) -> list[tuple[str, str]]:
    learner, actor = progress.latest.get("learner", {}), progress.latest.get("actor", {})
    tick = [_number(actor.get(k), ".1f") for k in ("tick_p50_ms", "tick_p99_ms")]
    return [
        ("weights version", str(progress.weights_version)),
        ("updates/s", _number(learner.get("updates_per_s"), ".1f")),
        ("updates per step", _number(learner.get("utd"), ".2f")),
        ("tick p50/p99", f"{tick[0]}/{tick[1]} ms"),
        ("restarts", str(progress.restarts)),
    ]


def _fraction(value: float) -> str:
    return NONE if math.isnan(value) else f"{value:.0%}"


def _number(value: float | None, form: str) -> str:
    return NONE if value is None else format(value, form)
