"""How often franka-rs's loop answers the control unit in time while a Python program jogs the arm at 100 Hz.

Against franka-sim with motion limits enforced, both on this machine: the simulator shares its cores, so a
real arm with a real-time kernel does better. The state rate is what the control unit sends in a second of
wall time; a slow simulator sends fewer than 1000.

    python -m benchmarks.franka_loop --quick
    python -m benchmarks.franka_loop
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

from robot.arms.driver import ArmTarget
from robot.arms.franka import FrankaArm, FrankaConfig
from tests.sdk.franka_sim import start_franka_sim

RESULTS = Path(__file__).parent / "results"
PERIOD_S = 0.01
WINDOW = 10  # ticks over which a state rate is taken
WAY_M, SWING_S = 0.05, 4.0
RATES = [0, 500, 700, 800, 850, 900, 950, 990, 1010, 1e9]  # states a second
SHARES = [0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0]  # of the last 100 cycles


@dataclass
class Trace:
    """One number a tick (`state_hz`: a window)."""

    success: list[float] = field(default_factory=list)
    call_us: list[float] = field(default_factory=list)
    behind_mm: list[float] = field(default_factory=list)
    state_hz: list[float] = field(default_factory=list)


def main() -> None:
    """Jog, print the histograms, keep the numbers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    seconds = 8 if parser.parse_args().quick else 40
    sim = start_franka_sim()
    arm = FrankaArm("arm", FrankaConfig(sim.host, realtime="ignore", use_gripper=False))
    try:
        arm.connect()
        trace = _jog(arm, seconds)
        fault = arm.fault()
        arm.close()
    finally:
        sim.kill()
    result = _result(trace, seconds, fault)
    text = _report(result, trace)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "franka_loop.json").write_text(json.dumps(result, indent=2) + "\n")
    (RESULTS / "franka_loop.md").write_text(text)


def _jog(arm: FrankaArm, seconds: float) -> Trace:
    trace, start, began = Trace(), arm.state(), time.monotonic()
    robot_s, wall_s = arm.robot_time_s, began
    for tick in range(round(seconds / PERIOD_S)):
        T = start.T_base_tcp.copy()
        T[1, 3] += WAY_M * np.sin(2 * np.pi * tick * PERIOD_S / SWING_S)
        before = time.perf_counter()
        arm.send(ArmTarget(time.time_ns(), T, np.zeros(6, np.float32)))
        state = arm.state()
        trace.call_us.append((time.perf_counter() - before) * 1e6)
        trace.success.append(arm.command_success_rate)
        trace.behind_mm.append(1e3 * float(np.linalg.norm(state.T_base_tcp[:3, 3] - T[:3, 3])))
        if tick % WINDOW == WINDOW - 1:
            now = time.monotonic()
            trace.state_hz.append(1e3 * (arm.robot_time_s - robot_s) / (now - wall_s))
            robot_s, wall_s = arm.robot_time_s, now
        time.sleep(max(0.0, began + (tick + 1) * PERIOD_S - time.monotonic()))
    return trace


def _result(trace: Trace, seconds: float, fault: str) -> dict[str, object]:
    skip = 100  # the success rate's own window fills first
    percentiles = (1, 50, 99)
    rows = {
        "command_success_rate": trace.success[skip:],
        "state_rate_hz": trace.state_hz,
        "send_and_state_us": trace.call_us,
        "behind_mm": trace.behind_mm,
    }
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpu_count": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "franka_rs": version("franka-rs"),
        "seconds": seconds,
        "fault": fault,
        "percentiles": percentiles,
        **{name: [round(float(p), 3) for p in np.percentile(v, percentiles)] for name, v in rows.items()},
        "mean_command_success_rate": round(float(np.mean(trace.success[skip:])), 4),
    }


def _report(result: dict[str, object], trace: Trace) -> str:
    head = (
        f"{result['seconds']} s of jogging at {1 / PERIOD_S:g} Hz, {result['cpu_count']} cores shared with "
        f"the simulator, load {result['load_average']:.1f}, franka-rs {result['franka_rs']}, "
        f"{result['date']}; fault: {result['fault'] or 'none'}\n\n| | p1 | p50 | p99 |\n|---|---|---|---|\n"
    )
    names = ("command_success_rate", "state_rate_hz", "send_and_state_us", "behind_mm")
    rows = "".join(f"| {name} | {' | '.join(str(p) for p in _numbers(result[name]))} |\n" for name in names)
    return (
        head
        + rows
        + _histogram("command success rate", trace.success[100:], SHARES)
        + _histogram("states a second", trace.state_hz, RATES)
    )


def _numbers(value: object) -> list[float]:
    assert isinstance(value, list)
    return value


def _histogram(name: str, values: list[float], edges: list[float]) -> str:
    counts, _ = np.histogram(values, edges)
    share = counts / max(1, counts.sum())
    rows = [
        f"| {a:g} to {b:g} | {n} | {'#' * round(40 * s)} |"
        for a, b, n, s in zip(edges, edges[1:], counts, share, strict=False)
    ]
    return f"\n| {name} | samples | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
