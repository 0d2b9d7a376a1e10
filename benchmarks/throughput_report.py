"""The tables of `benchmarks.throughput`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.throughput_race import Row

_NOT = "not measured"


def report(result: dict[str, Any], rows: Sequence[Row]) -> str:
    """All of it as Markdown; ``result`` is what goes into the JSON."""
    parts = [_head(result), _targets(result["targets"]), *_updates(rows), _replay(rows)]
    parts += [_actors(rows), _weights(rows, result["swap"]), _twin(result["twin"]), _missing(rows)]
    return "\n\n".join(p for p in parts if p) + "\n"


def title(row: Row) -> str:
    """A race's heading."""
    case = row.case
    what = "two cameras 128x128" if case.cameras else "state"
    threads = "one core, one thread" if case.one_thread else "all cores"
    return f"{what}, {case.critics} critics, batch {case.batch}, {threads}"


def races(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows race by race."""
    return [[r for r in rows if r.case == case] for case in dict.fromkeys(r.case for r in rows)]


def _head(result: dict[str, Any]) -> str:
    m, k = result["machine"], result["critic_updates"]
    versions = ", ".join(f"{name} {number}" for name, number in sorted(result["versions"].items()))
    return (
        f"# Throughput{' (quick)' if result['quick'] else ''}\n\n"
        f"{result['date']}, {m['cpu']}, {m['cores']} cores, {m['memory_gib']} GiB, no GPU; load average "
        f"{m['load_before']:.1f} before and {m['load_after']:.1f} after; {versions}.\n\n"
        f"A full update is {k} critic updates and one actor update, for everybody. Learners take turns, "
        "each in a process of its own; sampling is not part of an update. Numbers are medians. CPU time is "
        "what to compare: the machine was shared, and wall time has everybody else's work in it."
    )


def _targets(targets: Iterable[dict[str, Any]]) -> str:
    lines = [f"| {t['name']} | {t['want']} | {t['got']} | {t['met']} |" for t in targets]
    return _table("Targets (CPU time, one thread)", ("target", "wanted", "got", "met"), lines)


def _updates(rows: Sequence[Row]) -> list[str]:
    head = (
        "learner",
        "full update, CPU ms",
        "x ours",
        "wall ms",
        "x ours",
        "wall, best ms",
        "a critic update, CPU ms",
    )
    return [_table(title(race[0]), head, _update_lines(race)) for race in races(rows)]


def _update_lines(race: Sequence[Row]) -> list[str]:
    ours, lines = race[0].operations["full"], []
    for row in race:
        for name, suffix in (
            (row.contestant, ""),
            (f"{row.contestant}, features cached in the update", "_cached"),
        ):
            full, critic = row.operations.get("full" + suffix), row.operations.get("critic" + suffix)
            if full is None:
                lines += [] if suffix else [f"| {name} | {_NOT} | | | | | |"]
                continue
            each = _NOT if critic is None else _short(critic["cpu_ms"] / row.case.critic_updates)
            cells = [_short(full["cpu_ms"]), _short(full["cpu_ms"] / ours["cpu_ms"]), _short(full["wall_ms"])]
            cells += [_short(full["wall_ms"] / ours["wall_ms"]), _short(full["wall_best_ms"]), each]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _replay(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        if row.case.one_thread:
            took = row.operations.get("sample")
            each = None if took is None else took["cpu_ms"] / row.case.critic_updates
            cells = [_NOT, ""] if each is None else [_short(each), _short(1e3 / each)]
            lines.append(f"| {row.contestant} | {title(row)} | {' | '.join(cells)} |")
    return _table("Replay sampling", ("learner", "batch", "CPU ms a batch", "batches/s of CPU"), lines)


def _actors(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        for name, what in (
            ("act", "from the sensors"),
            ("act_encoded", "from feature maps, without the trunk"),
        ):
            if (took := row.operations.get(name)) is not None:
                cells = [_short(took[k]) for k in ("wall_ms", "wall_p99_ms", "cpu_ms")]
                lines.append(f"| {row.contestant} | {title(row)} | {what} | {' | '.join(cells)} |")
    return _table("One action", ("actor", "of", "", "p50, wall ms", "p99, wall ms", "CPU ms"), lines)


def _weights(rows: Sequence[Row], swap: dict[str, Any]) -> str:
    lines = [
        f"| {row.contestant} | {title(row)} | {row.about['weights_bytes'] / 1e6:.2f} "
        f"| {row.about['parameters']:,} |"
        for row in rows
        if row.case.one_thread and not row.missing
    ]
    table = _table("Weights on the wire", ("learner", "of", "message, MB", "parameters, all"), lines)
    return (
        f"{table}\n\nOurs while acting at 50 Hz, {swap['swaps']} swaps: a swap takes "
        f"{swap['swap_p50_ms']:.3f} ms (p99 {swap['swap_p99_ms']:.3f}); the tick's p50 is "
        f"{swap['tick_p50_ms'][0]:.2f} ms without swaps and {swap['tick_p50_ms'][1]:.2f} with, its p99 "
        f"{swap['tick_p99_ms'][0]:.2f} and {swap['tick_p99_ms'][1]:.2f}."
    )


def _twin(twin: dict[str, Any]) -> str:
    return (
        f"## The twin\n\npeg_insert, one core: 0.1 s of physics at 1 kHz, the safety layer at 100 Hz and two "
        f"frames of 128x128 are a step. {twin['steps_per_cpu_s']:.0f} steps a second of CPU time, "
        f"{twin['steps_per_wall_s']:.0f} of wall time beside the rest of the machine's work "
        f"({twin['calls']} steps)."
    )


def _missing(rows: Sequence[Row]) -> str:
    reasons = dict.fromkeys(f"- {r.contestant}: {_NOT}: {r.missing}" for r in rows if r.missing)
    return "\n".join(reasons)


def _table(heading: str, columns: Sequence[str], lines: Sequence[str]) -> str:
    ruler = "|".join(["---"] * len(columns))
    return "\n".join([f"## {heading}", "", f"| {' | '.join(columns)} |", f"|{ruler}|", *lines])


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
