"""Turns the status topics of a stage into lines of metrics.jsonl."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import DeviceHealth, Outcome, Status
from robot.session.job import Stage
from robot.session.metrics import MetricsLog

_LEARNER_PERIOD = 50  # learner steps between lines
_MODES = {"demos": "demo", "online": "train"}
_COUNTS = ("episode_id", "seed", "steps", "interventions", "guided", "handovers", "plan")
_TIMES = ("tick_p50_ms", "tick_p99_ms", "swap_p99_ms", "swap_count", "refused")


class MonitorNode(Node):
    """Listens and writes; ``on_line`` is called after each line (LocalHost's session redraws there)."""

    name = "monitor"
    inputs = (
        topics.ACTOR_STATUS,
        topics.LEARNER_STATUS,
        topics.STORED,
        topics.SAFETY,
        topics.DEVICES,
        topics.AUTONOMY,
    )

    def __init__(self, path: Path, stage: Stage) -> None:
        self._log, self._stage = MetricsLog(path), stage
        self.on_line: Callable[[], None] | None = None
        self._last_step = -_LEARNER_PERIOD
        self._safety_text = ""

    def on(self, topic: Topic, message: Status | DeviceHealth) -> None:
        """One status."""
        if isinstance(message, DeviceHealth):
            self._write("device", device=message.device, ok=message.ok, reason=message.reason)
        elif topic == topics.SAFETY:
            self._safety(message)
        elif topic == topics.AUTONOMY:
            self._write("autonomy", reason=message.text, **message.values)
        elif topic == topics.ACTOR_STATUS:
            self._episode(message.values)
        elif topic == topics.LEARNER_STATUS:
            self._learner(message)
        elif message.text:
            fatal = bool(message.values.get("failed"))
            self._write("warning", node=message.node, text=message.text, fatal=fatal)

    def close(self) -> None:
        """Close the file."""
        self._log.close()

    def _episode(self, v: dict[str, float]) -> None:
        outcome = Outcome(int(v["outcome"]))
        counts = {k: int(v[k]) for k in _COUNTS}
        self._write(
            "episode",
            stage=self._stage,
            mode=_MODES.get(self._stage, "eval"),
            outcome=outcome.name.lower(),
            success=outcome is Outcome.SUCCESS,
            weights_version=int(v["weights_version"]),
            online_steps=int(v["online_steps"]),
            **counts,
            **{"return": v["return"]},
        )
        self._write("actor", **{k: v[k] for k in _TIMES})

    def _learner(self, message: Status) -> None:
        step = int(message.values["learner_step"])
        if step - self._last_step >= _LEARNER_PERIOD:
            self._last_step = step
            values: dict[str, Any] = {k.removesuffix("_mean"): v for k, v in message.values.items()}
            self._write("learner", **values, phase=message.text)

    def _safety(self, message: Status) -> None:
        # One line whenever what holds the arm changes; the counts are in every one of them.
        if message.text != self._safety_text:
            self._safety_text = message.text
            self._write("safety", text=message.text, **message.values)

    def _write(self, kind: str, **values: Any) -> None:
        self._log.write(kind, **values)
        if self.on_line is not None:
            self.on_line()
