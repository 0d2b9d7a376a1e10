"""How fast one learner update is, against HIL-SERL's and the `lerobot` package's, in one run on one machine.

Also: replay sampling, an actor's latency, the weights on the wire and their swap, the twin's image steps.
HIL-SERL's update is written anew in `benchmarks/peers/hilserl_update.py`; lerobot's SAC is the package, in
an interpreter of its own (`pip install lerobot==0.4.4` and what its `lerobot.rl.buffer` imports).

    python -m benchmarks.throughput --quick --lerobot-python /path/to/venv/bin/python
    python -m benchmarks.throughput --lerobot-python /path/to/venv/bin/python
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import weight_swap
from benchmarks.peers.case import Case
from benchmarks.peers.process import WorkerProcess
from benchmarks.throughput_race import Effort, Entry, Row, race, summary
from benchmarks.throughput_report import report
from benchmarks.throughput_targets import targets

RESULTS = Path(__file__).parent / "results"
CRITIC_UPDATES = 2  # HIL-SERL's and our default
STATE_SIZE, PIXEL_STATE_SIZE, ACTION_SIZE = 31, 22, 4  # those of peg_insert_state and peg_insert
BATCH = 256
QUICK_PIXEL_BATCH = 64  # for everybody: the peers' updates of 256 take half a minute; ours of 256 runs alone


def main() -> None:
    """Measure everything, print the tables, keep the numbers."""
    arguments = _arguments()
    quick = arguments.quick
    before = os.getloadavg()[0]
    everybody = _entries(arguments.lerobot_python)
    rows: list[Row] = []
    for case in _cases(quick):
        alone = quick and case.batch == BATCH and case.cameras > 0
        rows += race(case, everybody[:1] if alone else everybody, _effort(case, quick))
    twin = _twin(60 if quick else 300)
    swap, _, _ = weight_swap.measure(200 if quick else 1000)
    result: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "quick": quick,
        "machine": _machine(before),
        "versions": _versions(rows) | {"python": sys.version.split()[0]} | twin.pop("versions"),
        "critic_updates": CRITIC_UPDATES,
        "targets": targets(rows, twin["steps_per_cpu_s"]),
        "updates": [asdict(row) for row in rows],
        "swap": swap,
        "twin": twin,
    }
    text = report(result, rows)
    print(text)
    (RESULTS / "throughput.json").write_text(json.dumps(result, indent=2) + "\n")
    (RESULTS / "throughput.md").write_text(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="minutes; a smaller batch of images, for all")
    parser.add_argument(
        "--lerobot-python", help="interpreter that has lerobot; without it, it is not measured"
    )
    return parser.parse_args()


def _entries(lerobot_python: str | None) -> list[Entry]:
    missing = "" if lerobot_python else "no --lerobot-python was given"
    return [
        Entry("ours", "our_update", sys.executable, peer=False),
        Entry("HIL-SERL, written anew", "hilserl_update", sys.executable),
        Entry("lerobot SAC", "lerobot_update", lerobot_python or "", missing),
    ]


def _cases(quick: bool) -> list[Case]:
    two = Case(2, 0, BATCH, CRITIC_UPDATES, STATE_SIZE, ACTION_SIZE, 128, one_thread=True)
    ten, pixels = replace(two, critics=10), replace(two, cameras=2, state_size=PIXEL_STATE_SIZE)
    if quick:
        return [two, ten, pixels, replace(pixels, batch=QUICK_PIXEL_BATCH)]
    seen_by_ten = replace(pixels, critics=10)  # as many as the default preset has
    return [two, ten, pixels, seen_by_ten, *(replace(c, one_thread=False) for c in (two, pixels))]


def _effort(case: Case, quick: bool) -> Effort:
    if quick:
        return Effort(rounds=3, budget_s=1.0, calls=100)
    return Effort(rounds=2 if case.cameras else 5, budget_s=5.0, calls=300)


def _twin(steps: int) -> dict[str, Any]:
    with WorkerProcess(sys.executable, "our_twin", _cases(True)[0]) as worker:
        took = worker.do("step", steps)
        numbers = summary([took])
        rates = {"steps_per_cpu_s": steps / sum(took.cpu_s), "steps_per_wall_s": steps / sum(took.wall_s)}
        return {**worker.about, **numbers, **{k: round(v, 2) for k, v in rates.items()}}


def _versions(rows: list[Row]) -> dict[str, str]:
    return {k: v for row in rows for k, v in row.about.get("versions", {}).items()}


def _machine(load_before: float) -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": names[0] if names else "unknown CPU",
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()
