"""A made-up training session's metric rows, the shape that the nodes write."""

from __future__ import annotations

from typing import Any

import numpy as np

START_S = 1_790_000_000.0


def fake_session(online: int = 90, seed: int = 0) -> list[dict[str, Any]]:
    """Demos, BC, base evaluation (8 of 20), online learning to nearly 100 %, final evaluation."""
    return _FakeSession(seed).rows(online)


class _FakeSession:
    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._out: list[dict[str, Any]] = []
        self._t, self._id, self._steps = START_S, 0, 0

    def rows(self, online: int) -> list[dict[str, Any]]:
        self._stage("demos", 20, lambda: self._episode("demos", "demo", 1.0, 1.0))
        self._row(1, "stage", stage="bc", state="start", total=1500)
        for step in range(100, 1501, 100):
            self._row(4, "bc", step=step, total=1500, loss=0.9 * np.exp(-step / 400) + 0.03)
        self._row(1, "stage", stage="bc", state="done", total=1500)
        self._stage("base_eval", 20, lambda: self._episode("base_eval", "eval", 0.4, 0.0))
        self._row(1, "stage", stage="online", state="start", total=6000)
        for i in range(online):
            self._online(i / 90)
        if online == 90:
            self._finish()
        return self._out

    def _finish(self) -> None:
        self._row(1, "stage", stage="online", state="done", total=6000)
        self._stage("final_eval", 20, lambda: self._episode("final_eval", "eval", 0.97, 0.0))
        edges = np.linspace(0, 100, 41)
        for name, scale in (("tick", 28.0), ("swap", 8.0)):
            counts = np.histogram(self._rng.gamma(9, scale / 9, 4000), edges)[0]
            self._row(0, "histogram", name=name, edges_ms=edges.tolist(), counts=counts.tolist())

    def _online(self, x: float) -> None:
        self._episode("online", "train", 0.4 + 0.58 * min(1.0, 1.5 * x), max(0.0, 0.6 - 0.9 * x))
        if self._id % 30 == 0:
            self._row(0, "restart", node="learner", reason="exit code -9")
        phase = "collect" if x < 0.05 else "critic" if x < 0.12 else "actor"
        q = 0.9 * (1 - np.exp(-4 * x))
        self._row(
            *(0.5, "learner"),
            **dict(learner_step=self._steps * 2, online_steps=self._steps, updates_per_s=24.2, utd=1.98),
            **dict(
                q_mean=q, q_expert=q + 0.05, q_online=q - 0.1 * (1 - x), critic_loss=0.02 * np.exp(-2 * x)
            ),
            **dict(actor_loss=-q, bc_loss=0.1 * (1 - x), residual_abs=0.1 * x, saturation=0.02),
            **dict(weights_version=self._steps // 200, phase=phase),
        )
        self._row(
            *(0.1, "actor"),
            **dict(tick_p50_ms=21.3, tick_p99_ms=44.8, swap_p99_ms=8.1, ticks_per_s=19.6, refused=0),
            swap_count=self._steps // 200,
        )

    def _episode(self, stage: str, mode: str, skill: float, help_rate: float) -> None:
        helped = self._rng.random() < help_rate
        success = bool(self._rng.random() < (0.97 if helped else skill))
        steps = int(self._rng.integers(45, 80) if success else 120)
        human = steps if mode == "demo" else int(steps * self._rng.uniform(0.1, 0.5)) if helped else 0
        self._steps += steps if mode == "train" else 0
        outcome = "success" if success else "time_limit"
        self._row(
            *(steps / 20 + 3, "episode"),
            **dict(
                stage=stage, episode_id=self._id, mode=mode, outcome=outcome, success=success, steps=steps
            ),
            **dict(interventions=human, handovers=int(helped), weights_version=self._steps // 200),
            **{"online_steps": self._steps, "return": float(success)},
        )
        self._id += 1

    def _stage(self, name: str, total: int, one: Any) -> None:
        self._row(1, "stage", stage=name, state="start", total=total)
        for _ in range(total):
            one()
        self._row(1, "stage", stage=name, state="done", total=total)

    def _row(self, seconds: float, kind: str, **values: Any) -> None:
        self._t += seconds
        self._out.append({"t": self._t, "kind": kind, **values})
