"""What the safety layer keeps, by the twin's own trace: full-scale noise, a drive into the table, hand-overs.

The trace is taken every simulated millisecond from MuJoCo's state, not from what the filter says of itself;
the references are taken as the arm was sent them. "Without" sends the same actions to the bare controller.

    python -m benchmarks.safety --quick     1,000 steps of noise
    python -m benchmarks.safety             10,000 steps; writes results/safety.{json,md}, docs/handover.png
"""

from __future__ import annotations

import argparse
import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from policies.tasks import TASKS
from robot.core.se3 import exp_so3
from robot.core.types import Action, Source, TeleopCommand
from robot.guarded_arm import GuardedArm
from robot.limits import SafetyLimits, within
from robot.session.rigs import load_rig
from sim.arm import TwinArm
from sim.impedance import ImpedanceGains
from sim.scenes import SCENES
from sim.twin import Twin
from teleop.arbiter import Arbiter

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
GUARD_S, STEP_S, TICKS = 0.01, 0.1, 10
SPEC = TASKS.load("peg_insert").action.arms[0]
ARM = load_rig("twin").arms["arm"]


@dataclass
class Trace:
    """Worst values over every millisecond of the arm's own state, and every reference sent."""

    twin: Twin
    limits: SafetyLimits
    references: list[np.ndarray] = field(default_factory=list)  # x y z vx vy vz wx wy wz
    outside_m: float = -math.inf  # of the workspace box
    tilt_rad: float = 0.0
    speed_mps: float = 0.0
    turn_radps: float = 0.0
    joint_margin_rad: float = math.inf  # left to the nearest joint limit
    joint_speed_share: float = 0.0  # of the limit
    force_n: float = 0.0  # as the arm feels it: through a low-pass of 16 Hz
    impact_n: float = 0.0  # each millisecond for itself

    def __post_init__(self) -> None:
        self.twin.on_tick = self.see
        self._arm, self._tcp = self.twin.arms["arm"], self.twin.data.site("tcp")
        self._last: np.ndarray | None = None

    def see(self) -> None:
        """One millisecond."""
        limits, tcp, d = self.limits, self._tcp, self.twin.data
        low, high = np.array(limits.workspace_low_m), np.array(limits.workspace_high_m)
        self.outside_m = max(self.outside_m, (low - tcp.xpos).max(), (tcp.xpos - high).max())
        axis = np.array(limits.tool_axis) / np.linalg.norm(limits.tool_axis)
        self.tilt_rad = max(self.tilt_rad, math.acos(np.clip(tcp.xmat.reshape(3, 3)[:, 2] @ axis, -1, 1)))
        J = self._arm.jacobian()
        twist = J @ d.qvel[:7]
        self.speed_mps = max(self.speed_mps, float(np.linalg.norm(twist[:3])))
        self.turn_radps = max(self.turn_radps, float(np.linalg.norm(twist[3:])))
        room = np.minimum(d.qpos[:7] - limits.joint_low_rad, np.array(limits.joint_high_rad) - d.qpos[:7])
        self.joint_margin_rad = min(self.joint_margin_rad, room.min())
        share = (np.abs(d.qvel[:7]) / limits.joint_speed_radps).max()
        self.joint_speed_share = max(self.joint_speed_share, share)
        self.force_n = max(self.force_n, float(np.linalg.norm(self._arm.felt_force())))
        self.impact_n = max(self.impact_n, float(np.linalg.norm(self._arm.contact_force())))


class Guarded:
    """The twin behind the safety layer, in the rig's workspace."""

    def __init__(self, limits: SafetyLimits, gains: ImpedanceGains | None = None) -> None:
        self.twin = Twin(SCENES.load("peg_insert")(), gains={"arm": gains or ImpedanceGains()})
        self.twin.reset(0)
        keep = within(limits, ARM.tracking_m, limits.workspace_low_m, limits.workspace_high_m)
        self.arm = GuardedArm(TwinArm("arm", world=self.twin), SPEC, keep, STEP_S, GUARD_S)
        self.arm.begin()
        self.trace = Trace(self.twin, limits)
        self.stops = 0

    def step(self, value: np.ndarray, source: Source = Source.POLICY) -> None:
        """One control step; a latched stop is cleared, as a person would, and counted."""
        if self.arm.stopped:
            self.stops += 1
            self.arm.clear()
        self.arm.command(self.twin.stamp_ns, value, source, engaged=source is Source.HUMAN)
        for _ in range(TICKS):
            self.arm.tick(self.twin.stamp_ns)
            reference = self.arm.reference
            self.trace.references.append(np.r_[reference.T_base_tcp[:3, 3], reference.twist])


class Bare:
    """The twin with nothing between policy and controller."""

    def __init__(self, limits: SafetyLimits, gains: ImpedanceGains | None = None) -> None:
        self.twin = Twin(SCENES.load("peg_insert")(), gains={"arm": gains or ImpedanceGains()})
        self.twin.reset(0)
        self.trace = Trace(self.twin, limits)
        self._T = self.twin.arms["arm"].reference.copy()

    def step(self, value: np.ndarray) -> None:
        """One control step: the reference goes where it is told."""
        translation, rotation = SPEC.delta(value)
        before = self._T[:3, 3].copy()
        self._T[:3, 3] += self._T[:3, :3] @ translation
        self._T[:3, :3] = self._T[:3, :3] @ exp_so3(rotation)
        for k in range(TICKS):
            T = self._T.copy()
            T[:3, 3] = before + (k + 1) / TICKS * (self._T[:3, 3] - before)
            self.twin.advance(T, GUARD_S)


def noise(steps: int, limits: SafetyLimits) -> dict[str, float | dict[str, int]]:
    """A policy of pure noise at full scale: every value -1 or 1, new at every step."""
    guarded, rng = Guarded(limits), np.random.default_rng(0)
    for _ in range(steps):
        guarded.step(rng.choice([-1.0, 1.0], SPEC.size).astype(np.float32))
    return {"steps": steps, "stops": guarded.stops, **_worst(guarded), "counts": dict(guarded.arm.counts)}


def drive_into_table(guard: bool, clipped_spring: bool, limits: SafetyLimits) -> tuple[float, float]:
    """Peak force as felt and peak impact, N, of 60 steps straight down at full scale."""
    far = math.inf
    gains = ImpedanceGains() if clipped_spring else ImpedanceGains(translation_clip_m=far)
    cell = (Guarded if guard else Bare)(limits, gains)
    aside, down = np.eye(4, dtype=np.float32)[[1, 2]]
    for _ in range(14):
        cell.step(aside)  # from above the socket to above the table
    cell.trace.force_n = cell.trace.impact_n = 0.0
    for _ in range(60):
        cell.step(down)
    return round(cell.trace.force_n, 1), round(cell.trace.impact_n, 1)


def hand_over(limits: SafetyLimits) -> np.ndarray:
    """References [N, 9] of a policy at full speed, and a person who twice takes over the other way."""
    guarded, arbiter = Guarded(limits), Arbiter(TASKS.load("peg_insert").action)
    zero = np.zeros(4, np.float32)
    for k in range(30):
        policy = np.array([-0.8, 0.3, 0, 0.5] if (k // 5) % 2 else [0.8, -0.3, 0, -0.5], np.float32)
        mine = 8 <= k < 14 or 20 <= k < 26
        axes = np.array([-1, 0.5, 0, 0, 0, -1], np.float32) * (1 if (k // 5) % 2 == 0 else -1)
        reading = TeleopCommand(guarded.twin.stamp_ns, "arm", axes * mine, engaged=mine)
        proposed = Action(guarded.twin.stamp_ns, policy, zero, zero)
        action = arbiter.decide(proposed, {"arm": reading})
        guarded.step(action.value, action.source)
    return np.array(guarded.trace.references)


def derivatives(references: np.ndarray) -> dict[str, np.ndarray]:
    """Norms of speed, acceleration and jerk of references, linear and angular."""
    out = {}
    for name, v in (("", references[:, 3:6]), ("turn_", references[:, 6:9])):
        rest = np.zeros((1, 3))
        a = np.diff(v, axis=0, prepend=rest) / GUARD_S
        j = np.diff(a, axis=0, prepend=rest) / GUARD_S
        parts = {"speed": v, "acceleration": a, "jerk": j}
        out |= {name + k: np.linalg.norm(x, axis=1) for k, x in parts.items()}
    return out


def _worst(guarded: Guarded) -> dict[str, float]:
    t = guarded.trace
    d = {f"reference_{k}": float(v.max()) for k, v in derivatives(np.array(t.references)).items()}
    names = (
        "outside_m",
        "tilt_rad",
        "speed_mps",
        "turn_radps",
        "joint_margin_rad",
        "joint_speed_share",
        "force_n",
        "impact_n",
    )
    return {**{n: round(float(getattr(t, n)), 5) for n in names}, **{k: round(v, 5) for k, v in d.items()}}


def main() -> None:
    """Run all three and keep the numbers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    limits = ARM.limits
    result = {
        "cpu_count": os.cpu_count(),
        "noise": noise(1000 if quick else 10_000, limits),
        "table_peak_force_n": {
            f"{spring} controller, {how}": drive_into_table(how == "with", spring == "clipped", limits)
            for spring in ("clipped", "stiff")
            for how in ("with", "without")
        },
    }
    references = hand_over(limits)
    result["hand_over"] = {k: round(float(v.max()), 4) for k, v in derivatives(references).items()}
    text = report(result, limits)
    print(text)
    if not quick:
        (RESULTS / "safety.json").write_text(json.dumps(result, indent=2) + "\n")
        (RESULTS / "safety.md").write_text(text)
        plot(references, limits, ROOT / "docs" / "handover.png")


def report(result: dict, limits: SafetyLimits) -> str:
    """The tables."""
    n, h = result["noise"], result["hand_over"]
    rows = [
        ("outside the workspace, mm", 1e3 * n["outside_m"], "0"),
        ("tilt, rad", n["tilt_rad"], limits.tilt_rad),
        ("speed of the tool, m/s", n["speed_mps"], limits.speed_mps),
        ("turn of the tool, rad/s", n["turn_radps"], limits.turn_speed_radps),
        ("room left to a joint's limit, rad (at least)", n["joint_margin_rad"], 0),
        ("joint speed, share of limit", n["joint_speed_share"], 1),
        ("force as the arm feels it, N (stop limit)", n["force_n"], limits.stop_force_n),
        ("impact in one millisecond, N", n["impact_n"], "none"),
        ("reference speed, m/s", n["reference_speed"], limits.speed_mps),
        ("reference acceleration, m/s2", n["reference_acceleration"], limits.acceleration_mps2),
        ("reference jerk, m/s3", n["reference_jerk"], limits.jerk_mps3),
        ("reference turn, rad/s", n["reference_turn_speed"], limits.turn_speed_radps),
        (
            "reference turn acceleration, rad/s2",
            n["reference_turn_acceleration"],
            limits.turn_acceleration_radps2,
        ),
        ("reference turn jerk, rad/s3", n["reference_turn_jerk"], limits.turn_jerk_radps3),
    ]
    lines = [f"# The safety layer in the twin ({result['cpu_count']} cores)", ""]
    lines += [f"{n['steps']} steps of noise at full scale, seed 0; {n['stops']} protective stops.", ""]
    lines += ["| worst of | seen | limit |", "|---|---|---|"]
    lines += [f"| {name} | {seen:.4g} | {limit} |" for name, seen, limit in rows]
    margin = limits.joint_margin_rad
    lines += ["", f"References keep {margin} rad from a joint's limit; the arm's posture may use part of it."]
    lines += [
        "",
        "Guard periods in which a rule acted: " + ", ".join(f"{k} {v}" for k, v in n["counts"].items()),
    ]
    lines += [
        "",
        "| 60 steps straight into the table | peak force as felt, N | peak impact, N |",
        "|---|---|---|",
    ]
    lines += [f"| {k} the safety layer | {v[0]} | {v[1]} |" for k, v in result["table_peak_force_n"].items()]
    lines += ["", "Hand-over, largest reference " + ", ".join(f"{k} {v}" for k, v in h.items()), ""]
    return "\n".join(lines)


def plot(references: np.ndarray, limits: SafetyLimits, path: Path) -> None:
    """Speed, acceleration and jerk over the hand-overs, with their limits."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    d, t = derivatives(references), np.arange(len(references)) * GUARD_S
    figure, axes = plt.subplots(4, 1, sharex=True, figsize=(8, 7), layout="constrained")
    axes[0].plot(t, 1e3 * (references[:, 0] - references[0, 0]), color="tab:blue")
    axes[0].set_ylabel("reference x\n(mm)")
    rows = (("speed", limits.speed_mps, "m/s"), ("acceleration", limits.acceleration_mps2, "m/s²"),
            ("jerk", limits.jerk_mps3, "m/s³"))  # fmt: skip
    for axis, (name, limit, unit) in zip(axes[1:], rows, strict=True):
        axis.plot(t, d[name], color="tab:blue")
        axis.axhline(limit, color="tab:red", linestyle="--", label="limit")
        axis.set_ylabel(f"{name}\n({unit})")
        axis.set_ylim(0, 1.1 * limit)
    for axis in axes:
        for start, stop in ((0.8, 1.4), (2.0, 2.6)):
            axis.axvspan(start, stop, color="tab:orange", alpha=0.2)
        axis.spines[["top", "right"]].set_visible(False)
    axes[1].legend(loc="upper right", frameon=False)
    axes[0].set_title("Hand-over: policy, and a person (orange) who pushes the other way", loc="left")
    axes[3].set_xlabel("time (s)")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
