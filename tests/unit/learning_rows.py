"""Made-up rows of the learning table."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.learning_table.row import Curve, Row
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
    curve=Curve(),
)


def with_curve(row: Row, successes: int, failures: int, steps: int = 10, human: int = 0) -> Row:
    """Failures first, then successes, each of ``steps`` with ``human`` of them a person's."""
    n = successes + failures
    return replace(row, curve=Curve((steps,) * n, (human,) * n, "0" * failures + "1" * successes))
