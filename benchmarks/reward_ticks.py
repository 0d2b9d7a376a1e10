"""Whether a model that is dead, hangs or fails costs the arm a control tick.

Short sessions of the twin in real time over ROS, which holds the arm when no command comes in time, as a
real cell does. Success alone first, then a shaped reward whose model cannot be reached, or takes every
question and says nothing, or fails it. Wants an idle machine; results go to benchmarks/results.

    python -m benchmarks.reward_ticks                 all, some five minutes
    python -m benchmarks.reward_ticks --steps 100     a quick look
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import yaml

from benchmarks.learning_table.commits import head
from benchmarks.learning_table.machine import machine
from policies.replay.episode_store import EpisodeStore
from policies.tasks import TASKS
from robot.safety.reason import HOLDS
from robot.session.metrics import read_metrics
from tests.vlm_servers.faulty import Fault, FaultyServer
from tests.vlm_servers.server import NOBODY

TASK = "lift_state"
KINDS: dict[str, Fault | None] = {
    "sparse": None,
    "dead": None,
    "hanging": Fault.HANG,
    "dripping": Fault.SLOW_DRIP,
    "failing": Fault.ERROR_500,
}
RESULTS = Path(__file__).parent / "results" / "reward_ticks.json"


@dataclass(frozen=True)
class Ticks:
    """What the arm saw of a session's online stage."""

    model: str
    questions: int  # that reached the server
    steps: int
    held: int  # steps in which a hold took the place of a command
    tick_p99_ms: float  # from observation to command


def main() -> int:
    """Exit 0 when every session ran to its end."""
    args = _arguments()
    found: list[Ticks] = []
    for model in args.models:
        found.append(measure(model, args.steps))
        print(_line(found[-1]), file=sys.stderr)
    text = _page(found)
    print(text)
    if args.models == list(KINDS):
        rows = {"machine": machine(), "commit": head(), "rows": [asdict(t) for t in found]}
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
        RESULTS.with_suffix(".md").write_text(text)
    return 0


def measure(model: str, steps: int) -> Ticks:
    """One session; CalledProcessError if it fails."""
    with tempfile.TemporaryDirectory() as folder, _server(model) as (url, count):
        run, config = Path(folder) / "run", Path(folder) / "config.yaml"
        config.write_text(yaml.safe_dump(_settings(model, url, steps)))
        words = ["train", "--task", TASK, "--host", "ros", "--no-interventions", "--run", str(run)]
        subprocess.run([sys.executable, "-m", "robot.cli", *words, "--config", str(config)], check=True)
        return _ticks(model, count(), run)


def _settings(model: str, url: str, steps: int) -> dict[str, object]:
    shaped = {"rule": "shaped", "vlm": {"base_url": url, "model": "test-vlm", "deadline_s": 5.0}}
    return {
        "demos": 2,
        "online_steps": steps,
        "eval_episodes": 1,
        "eval_workers": 1,
        "bc": {"train_steps": 50, "warmup_steps": 10},
        "cell": {"realtime": True},
        "reward": {"rule": "sparse"} if model == "sparse" else shaped,
    }


@contextmanager
def _server(model: str) -> Iterator[tuple[str, Callable[[], int]]]:
    fault = KINDS[model]
    if fault is None:
        yield NOBODY, lambda: 0
        return
    with FaultyServer(fault, lambda _: "{}") as server:
        yield server.base_url, lambda: server.count


def _ticks(model: str, questions: int, run: Path) -> Ticks:
    episodes = list(EpisodeStore(run / "episodes").read_all("train"))
    held = np.concatenate([(e.safety & int(HOLDS)) != 0 for e in episodes])
    actor = [r for r in read_metrics(run / "metrics.jsonl") if r["kind"] == "actor"]
    tick_ms = float(actor[-1]["tick_p99_ms"])
    return Ticks(model, questions, len(held), int(held.sum()), tick_ms)


def _page(found: list[Ticks]) -> str:
    period_ms = 1000 * TASKS.load(TASK).control_period_s
    return f"""# Control ticks with a model that gives nothing

`{TASK}` in the twin, in real time over ROS, {period_ms:.0f} ms a control step. *Held*: steps in which the arm
had no command in time.
By `python -m benchmarks.reward_ticks`, {machine()}, commit {head()}.

| model | questions | steps | held | observation to command, p99 |
|---|---|---|---|---|
""" + "".join(f"{_line(t)}\n" for t in found)


def _line(t: Ticks) -> str:
    return f"| {t.model} | {t.questions} | {t.steps} | {t.held} | {t.tick_p99_ms:.1f} ms |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reward_ticks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", nargs="+", choices=list(KINDS), default=list(KINDS), metavar="MODEL")
    parser.add_argument("--steps", type=int, default=240, help="online control steps of a session")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
