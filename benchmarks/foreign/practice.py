"""One run: a learner practises on a foreign task, and is looked at now and then."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from benchmarks.foreign.environment import Environment
from benchmarks.foreign.learner import Learner
from benchmarks.foreign.rollout import evaluate
from robot.session.statistics import steps_to_threshold

_SEEDS_APART = 10_000  # practice episodes of one run have seeds of their own; all below the demonstrations'


@dataclass(frozen=True)
class Budget:
    """How long to practise, and how often and how well to look."""

    steps: int
    look_every: int  # steps
    look_episodes: int
    final_episodes: int


@dataclass
class Clock:
    """CPU seconds of this process, all its threads."""

    learner_s: float = 0.0
    began_s: float = 0.0

    def __enter__(self) -> None:
        self.began_s = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.learner_s += time.process_time() - self.began_s


def practise(env: Environment, learner: Learner, budget: Budget, seed: int) -> dict[str, Any]:
    """Practise to the end of the budget; what happened, ready for JSON."""
    clock, episodes, looks = Clock(), [], []
    began = time.monotonic()
    state, length = env.reset(_practice_seed(seed, 0)), 0
    judge = partial(learner.act, explore=False)
    for step in range(1, budget.steps + 1):
        with clock:
            action = learner.act(state, explore=True)
        transition = env.step(action)
        with clock:
            learner.record(transition)
            learner.update()
        state, length = transition.next_state, length + 1
        if not transition.ends:
            continue
        row = {"success": transition.success, "interventions": 0, "steps": length, "online_steps": step}
        episodes.append(row)
        if step // budget.look_every > len(looks):
            looks.append(_look(env, judge, budget.look_episodes, step))
            print(f"step {step}: {looks[-1]}", flush=True)
        state, length = env.reset(_practice_seed(seed, len(episodes))), 0
    return {
        "online_steps": budget.steps,
        "budget": asdict(budget),
        "practice_episodes": len(episodes),
        "practice": [[r["online_steps"], int(r["success"])] for r in episodes],
        "practice_steps_to_90": steps_to_threshold(episodes),
        "looks": looks,
        "steps_to_90": first_at(looks, 0.9),
        "final": _look(env, judge, budget.final_episodes, budget.steps),
        "learner_cpu_minutes": clock.learner_s / 60,
        "cpu_minutes": time.process_time() / 60,
        "wall_minutes": (time.monotonic() - began) / 60,
        "settings": learner.settings,
    }


def first_at(looks: Sequence[dict], rate: float) -> int | None:
    """The practice steps before the first look that saw at least ``rate``, or None."""
    good = [look["step"] for look in looks if look["successes"] >= rate * look["episodes"] - 1e-9]
    return good[0] if good else None


def _look(env: Environment, act, episodes: int, step: int) -> dict:
    rate, length = evaluate(env, act, episodes)
    steps = None if math.isnan(length) else length
    return {"step": step, "successes": rate.successes, "episodes": rate.n, "steps_when_good": steps}


def _practice_seed(seed: int, episode: int) -> int:
    return _SEEDS_APART * seed + episode
