"""What an actor tells about a finished episode."""

from __future__ import annotations

from policies.tick_times import TickTimes
from policies.trajectory import Trajectory
from policies.weights_inbox import WeightsInbox
from robot.core.types import Status


def episode_status(
    stamp_ns: int,
    episode: Trajectory,
    version: int,
    online_steps: int,
    ticks: TickTimes,
    swaps: TickTimes,
    inbox: WeightsInbox | None,
) -> Status:
    """Its outcome and counts, the weights that drove last, and how long steps and swaps took so far."""
    assert episode.outcome is not None
    values = {
        "episode_id": episode.episode_id,
        "seed": episode.seed,
        "outcome": int(episode.outcome),
        "steps": episode.steps,
        "interventions": episode.tally.interventions,
        "guided": episode.tally.guided,
        "handovers": episode.tally.handovers,
        "return": episode.tally.total_reward,
        "plan": episode.label.plan,
        "weights_version": version,
        "online_steps": online_steps,
        "tick_p50_ms": ticks.percentile(50),
        "tick_p99_ms": ticks.percentile(99),
        "swap_p99_ms": swaps.percentile(99),
        "swap_count": len(swaps),
        "refused": inbox.refused if inbox else 0,
    }
    return Status(stamp_ns, "actor", values, inbox.last_refusal if inbox else "")
