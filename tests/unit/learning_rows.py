"""Made-up rows of the learning table."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.learning_table.milestones import Milestone
from benchmarks.learning_table.row import Row
from robot.session.statistics import Rate

ROW = Row(
    arm="residual",
    task="peg_insert_state",
    seed=0,
    host="local",
    commit="aaaaaaa",
    base_commit="aaaaaaa",
    base_id="01234567",
    machine="a machine, 2 cores",
    finished="2026-11-21T10:00:00+00:00",
    base=Rate(40, 100),
    final=Rate(90, 100),
    online_steps=6000,
    steps_to_90=3000,
    control_period_s=0.1,
    handovers=50,
    human_steps=600,
    cycle_time_s=1.5,
    demo_cycle_time_s=2.0,
    stage_s={"demos": 60.0, "online": 540.0},
)


def with_milestones(row: Row, *successes: int) -> Row:
    """A milestone every 1000 steps, each of 20 episodes with so many successes."""
    looks = (Milestone(1000 * (i + 1), Rate(n, 20), 1.5) for i, n in enumerate(successes))
    return replace(row, milestones=tuple(looks))
