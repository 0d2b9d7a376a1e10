"""What a weight swap costs the control loop: ticks of the residual with and without new weights arriving.

A loop acts at 50 Hz, as on a robot; from another thread new weights are offered (checked and converted in the
inbox's worker) every fifth tick, and swapped in between two ticks. The peer is the same loop without swaps.

    python benchmarks/weight_swap.py --quick
    python benchmarks/weight_swap.py
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from policies.residual.agent import ResidualAgent
from policies.residual.channels import fit_basis, reduced
from policies.residual.config import ResidualConfig
from policies.residual.policy import ResidualPolicy
from policies.residual.weights import pack
from policies.tasks import TASKS
from policies.weights_inbox import WeightsInbox
from robot.core.types import Observation

RESULTS = Path(__file__).parent / "results"
PERIOD_S = 0.02
EVERY = 5


def main() -> None:
    """Measure both loops, print a histogram, keep the numbers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    result, quiet, busy = measure(500 if parser.parse_args().quick else 2000)
    text = _report(result, quiet, busy)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "weight_swap.json").write_text(json.dumps(result, indent=2) + "\n")
    (RESULTS / "weight_swap.md").write_text(text)


def measure(ticks: int) -> tuple[dict[str, Any], list[float], list[float]]:
    """The numbers, and every tick's milliseconds without and with swaps."""
    quiet, _ = _loop(ticks, swapping=False)
    busy, swap = _loop(ticks, swapping=True)
    result = {
        "cpu_count": os.cpu_count(),
        "ticks": ticks,
        "swaps": len(swap),
        "tick_p50_ms": [_percentile(quiet, 50), _percentile(busy, 50)],
        "tick_p99_ms": [_percentile(quiet, 99), _percentile(busy, 99)],
        "swap_p50_ms": _percentile(swap, 50),
        "swap_p99_ms": _percentile(swap, 99),
    }
    return result, quiet, busy


def _loop(ticks: int, swapping: bool) -> tuple[list[float], list[float]]:
    spec, config = TASKS.load("peg_insert").rig_spec((8, 8, 112)), ResidualConfig()
    policy = ResidualPolicy(spec, config, "benchmark")
    inbox = WeightsInbox(policy, threaded=True)
    params = _params(spec, config)
    seen, base = _observation(spec), np.zeros(spec.action.size, np.float32)
    inbox.offer(pack(params, 1, 0, "benchmark"))
    while not inbox.take():
        time.sleep(0.01)
    times, swaps = [], []
    for k in range(ticks):
        if swapping and k % EVERY == 0:
            inbox.offer(pack(params, k + 2, k, "benchmark"))
        began = time.perf_counter()
        inbox.tick_begins()
        changed = inbox.take()
        if changed:
            swaps.append((time.perf_counter() - began) * 1e3)
        policy.act(seen, base)
        times.append((time.perf_counter() - began) * 1e3)
        inbox.tick_ends()
        time.sleep(max(0.0, PERIOD_S - (time.perf_counter() - began)))
    inbox.close()
    return times, swaps


def _params(spec, config: ResidualConfig) -> dict:
    size = spec.observation.state_size
    thin = reduced(spec, config.feature_channels)
    agent = ResidualAgent(thin, config, np.zeros(size, np.float32), np.ones(size, np.float32), 0)
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(20, 8, 8, 112)).astype(np.float16)
    basis = fit_basis(maps, config.feature_channels)._asdict()
    return {**agent.actor_params, "channels": {c: basis for c in spec.observation.features}}


def _observation(spec) -> Observation:
    state = {k: np.zeros(s, np.float32) for k, s in spec.observation.state.items()}
    features = {k: np.zeros(s, np.float16) for k, s in spec.observation.features.items()}
    return Observation(0, state, {}, features)


def _report(result: dict, quiet: list[float], busy: list[float]) -> str:
    edges = [0, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 5, 1000]
    rows = [
        f"| {low} to {high} | {a} | {b} |"
        for low, high, a, b in zip(
            edges[:-1], edges[1:], np.histogram(quiet, edges)[0], np.histogram(busy, edges)[0], strict=True
        )
    ]
    p50, p99 = result["tick_p50_ms"], result["tick_p99_ms"]
    return "\n".join(
        [
            f"{result['ticks']} ticks, {result['swaps']} swaps, {result['cpu_count']} cores",
            "",
            f"- the swap itself: p50 {result['swap_p50_ms']:.4f} ms, p99 {result['swap_p99_ms']:.4f} ms",
            f"- tick p50: {p50[0]:.2f} ms without swaps, {p50[1]:.2f} ms with",
            f"- tick p99: {p99[0]:.2f} ms without swaps, {p99[1]:.2f} ms with",
            "",
            "| tick, ms | without | with |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _percentile(values: list[float], q: float) -> float:
    return round(float(np.percentile(values, q)), 4)


if __name__ == "__main__":
    main()
