"""The throughput benchmark's own arithmetic and its talk with workers."""

from __future__ import annotations

import io
import json
import sys

import pytest

from benchmarks.peers.case import Case
from benchmarks.peers.process import Seconds, WorkerProcess
from benchmarks.peers.worker import Contestant, serve
from benchmarks.throughput_race import Effort, Entry, Row, race, summary
from benchmarks.throughput_report import report
from benchmarks.throughput_targets import targets
from robot.core.errors import NudgeError

STATE = Case(2, 0, 8, 2, 3, 2, 16, one_thread=True)
PIXELS = Case(2, 2, 8, 2, 3, 2, 16, one_thread=True)


def row(case: Case, name: str, cpu_ms: float | None) -> Row:
    if cpu_ms is None:
        return Row(case, name, True, "no interpreter was given")
    took = summary([Seconds([cpu_ms * 2e-3], [cpu_ms * 1e-3])])
    about = {"weights_bytes": 2_500_000, "parameters": 1234}
    return Row(case, name, name == "peer", "", about, {"full": took, "critic": took})


def test_worker_answers_each_request_in_turn() -> None:
    done: list[str] = []
    operations = {"a": lambda: done.append("a"), "b": lambda: done.append("b")}
    requests = io.StringIO('{"do": "b", "times": 2}\n{"do": "a", "times": 1}\n')
    answers = io.StringIO()
    serve(Contestant({"size": 3}, operations), requests, answers)
    about, first, second = map(json.loads, answers.getvalue().splitlines())
    assert about == {"size": 3, "operations": ["a", "b"]}
    assert (len(first["wall_s"]), len(first["cpu_s"]), len(second["wall_s"])) == (2, 2, 1)
    assert done == ["b", "b", "a"]


def test_a_worker_that_ends_says_why() -> None:
    with pytest.raises(NudgeError, match=r"(?s)no_such_contestant.*status 1.*ModuleNotFoundError"):
        WorkerProcess(sys.executable, "no_such_contestant", STATE)


def test_summary_is_of_every_turn() -> None:
    got = summary([Seconds([0.001, 0.002], [0.001, 0.001]), Seconds([0.009], [0.005])])
    assert (got["calls"], got["wall_ms"], got["cpu_ms"], got["wall_best_ms"]) == (3, 2.0, 1.0, 1.0)


def test_targets_are_judged_from_cpu_time() -> None:
    rows = [row(STATE, "ours", 10), row(STATE, "peer", 9), row(PIXELS, "ours", 20), row(PIXELS, "peer", 500)]
    assert [(t["got"], t["met"]) for t in targets(rows, steps_per_cpu_s=29)] == [
        (0.9, "no"),
        (25.0, "yes"),
        (2.0, "yes"),
        (29, "no"),
    ]


def test_what_was_not_measured_is_said_and_never_judged() -> None:
    missing = Entry("peer", "peer_update", "", "no interpreter was given")
    assert race(STATE, [missing], Effort(1, 1.0, 1)) == [row(STATE, "peer", None)]
    rows = [row(c, n, ms) for c in (STATE, PIXELS) for n, ms in (("ours", 10), ("peer", None))]
    judged = targets(rows, 50)
    assert [t["met"] for t in judged] == ["not judged", "not judged", "yes", "yes"]
    assert "peer: not measured: no interpreter was given" in report(_result(judged), rows)


def _result(judged: list[dict]) -> dict:
    machine = {"cpu": "cpu", "cores": 2, "memory_gib": 4, "load_before": 0.0, "load_after": 0.0}
    swap = {"swaps": 1, "swap_p50_ms": 0.1, "swap_p99_ms": 0.1, "tick_p50_ms": [1, 1], "tick_p99_ms": [1, 1]}
    twin = {"steps_per_cpu_s": 50, "steps_per_wall_s": 40, "calls": 3}
    rest = {"quick": True, "date": "2026-11-21", "critic_updates": 2, "versions": {}}
    return {**rest, "machine": machine, "targets": judged, "swap": swap, "twin": twin}
