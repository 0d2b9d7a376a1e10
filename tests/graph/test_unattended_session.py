"""The session's own graph of a practice without a person: an operator who helps, a learner who throttles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from policies.replay.episode_store import EpisodeStore
from robot.core import topics
from robot.core.host import LocalHost
from robot.core.node import Node
from robot.core.types import Source, Status
from robot.session import graph
from robot.session.job import Job
from robot.session.metrics import read_metrics
from robot.session.session import prepare
from tests.graph.test_determinism import TINY


class FakeLearner(Node):
    """Allows one control step more each time it is asked, whatever the actor does."""

    name = "learner"
    outputs = (topics.LEARNER_STATUS,)
    period_s = 0.0
    allowed = 0

    def tick(self, now_ns: int) -> None:
        self.allowed += 1
        values = {"allowed_steps": float(self.allowed // 2), "learner_step": 0.0}
        self.publish(topics.LEARNER_STATUS, Status(now_ns, self.name, values))


def test_it_runs_to_its_end_and_records_only_practice(tmp_path: Path) -> None:
    config = replace(TINY, autonomous=True, use_base=False, online_steps=150)
    prepare(tmp_path, config)
    (tmp_path / "base").mkdir()
    job = Job(tmp_path, config, "online")
    nodes = [n for p in graph.CONTROL for n in graph.build(p, job)]
    LocalHost([*nodes, FakeLearner()]).run()
    episodes = EpisodeStore(tmp_path / "episodes").read_all("train")
    assert sum(len(e) for e in episodes) >= 150
    assert len(episodes) >= 3
    assert {s for e in episodes for s in e.source.tolist()} <= {Source.POLICY, Source.HUMAN}
    rows = [r for r in read_metrics(tmp_path / "metrics.jsonl") if r["kind"] == "autonomy"]
    assert [r["practice"] for r in rows].count(1.0) == len(episodes)
    assert sum(r["help_needed"] for r in rows) == 0
