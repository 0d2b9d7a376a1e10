"""A contestant in a process of its own: does what it is asked N times, and says how long each time took.

It waits on stdin, so that several can run in turn and a busy machine slows all of them alike. Standard
library only: it also runs in the peers' interpreters.

    python -m benchmarks.peers.worker our_update '{"critics": 2, ...}'
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from benchmarks.peers.case import Case

THREAD_SETTINGS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Contestant:
    """What can be timed, and what it is."""

    about: Mapping[str, Any]  # versions and sizes: goes into the results as it is
    operations: Mapping[str, Callable[[], object]]  # each returns when its work is done, not only queued


def main() -> None:
    """Pin this process, make the contestant of the module named first, answer until stdin ends."""
    case = Case(**json.loads(sys.argv[2]))
    if case.one_thread:  # before a framework counts the cores
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        os.environ.update(dict.fromkeys(THREAD_SETTINGS, "1"))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    module = importlib.import_module(f"benchmarks.peers.{sys.argv[1]}")
    serve(module.contestant(case), sys.stdin, answers)


def serve(contestant: Contestant, requests: TextIO, answers: TextIO) -> None:
    """Say what it is, then answer each line `{"do": operation, "times": n}`."""
    _say(answers, {**contestant.about, "operations": list(contestant.operations)})
    for line in requests:
        request = json.loads(line)
        _say(answers, timed(contestant.operations[request["do"]], request["times"]))


def timed(operation: Callable[[], object], times: int) -> dict[str, list[float]]:
    """Seconds of wall and of this process's CPU, all threads, for each of ``times`` calls."""
    wall_s: list[float] = []
    cpu_s: list[float] = []
    for _ in range(times):
        cpu, wall = time.process_time(), time.perf_counter()
        operation()
        wall_s.append(time.perf_counter() - wall)
        cpu_s.append(time.process_time() - cpu)
    return {"wall_s": wall_s, "cpu_s": cpu_s}


def _say(answers: TextIO, value: Mapping[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
