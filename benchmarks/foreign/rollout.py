"""Whole episodes in a foreign environment."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.foreign.environment import Environment, Transition
from robot.core.types import Array
from robot.session.statistics import Rate

EVALUATION_SEED = 1_000_000  # the first; practice and demonstrations use smaller ones


def run_episode(env: Environment, act: Callable[[Array], Array], seed: int) -> list[Transition]:
    """One episode, from its first transition to the one that ends it."""
    state, steps = env.reset(seed), []
    while not steps or not steps[-1].ends:
        steps.append(env.step(act(state)))
        state = steps[-1].next_state
    return steps


def evaluate(env: Environment, act: Callable[[Array], Array], episodes: int) -> tuple[Rate, float]:
    """Success over episodes nobody learned from; mean steps of those that succeeded, nan if none."""
    runs = [run_episode(env, act, EVALUATION_SEED + k) for k in range(episodes)]
    good = [len(run) for run in runs if run[-1].success]
    mean = sum(good) / len(good) if good else float("nan")
    return Rate(len(good), episodes), mean
