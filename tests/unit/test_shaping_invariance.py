"""What shaping does to the optimal policy: KAGI's rule changes it, the potential form never does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.shaping.kagi_rule import KagiRule
from policies.rewards.shaping.shaped_reward import telescoped
from robot.core.errors import ConfigError, SpecMismatch

GAMMA, CELLS, START = 0.98, 10, 5
GOAL = CELLS - 1
DECOY = 1


def corridor_visits(reward: Callable[[int, int], float]) -> list[int]:
    """Cells the optimal policy visits in 60 steps from the start; entering the goal ends the episode."""
    value = np.zeros(CELLS)
    for _ in range(700):
        value[:GOAL] = [max(_worth(s, s + a, value, reward) for a in (-1, 0, 1)) for s in range(GOAL)]
    seen = [START]
    while seen[-1] != GOAL and len(seen) < 60:
        s = seen[-1]
        seen.append(_cell(s + max((-1, 0, 1), key=lambda a: round(_worth(s, s + a, value, reward), 9))))
    return seen


def _worth(s: int, following: int, value: np.ndarray, reward: Callable[[int, int], float]) -> float:
    following = _cell(following)
    return reward(s, following) + GAMMA * value[following]


def _cell(s: int) -> int:
    return min(max(s, 0), GOAL)


def kagi(keypoint: int, offset: float) -> Callable[[int, int], float]:
    rule = KagiRule([[keypoint, 0, 0]], reach_m=CELLS - 1, offset=offset)
    return lambda s, following: rule.reward([following, 0, 0], success=following == GOAL)


def potential(keypoint: int) -> Callable[[int, int], float]:
    phi = 1.0 - np.abs(np.arange(CELLS) - keypoint) / (CELLS - 1)

    def reward(s: int, following: int) -> float:
        left = 0.0 if following == GOAL else GAMMA
        return float(following == GOAL) + telescoped(float(phi[s]), float(phi[following]), left)

    return reward


def test_the_kagi_rule_loiters_beside_a_right_keypoint_and_at_a_wrong_one() -> None:
    beside = corridor_visits(kagi(GOAL, offset=0.0))
    assert GOAL not in beside
    assert set(beside[-20:]) == {GOAL - 1}
    assert set(corridor_visits(kagi(DECOY, offset=0.0))[-20:]) == {DECOY}


def test_shifted_below_zero_it_reaches_the_goal_but_is_stuck_at_a_decoy() -> None:
    assert corridor_visits(kagi(GOAL, offset=-0.99)) == [5, 6, 7, 8, 9]
    assert set(corridor_visits(kagi(DECOY, offset=-0.99))[-20:]) == {DECOY}


@pytest.mark.parametrize("keypoint", [GOAL, DECOY])
def test_the_potential_form_reaches_the_goal_with_either(keypoint: int) -> None:
    assert corridor_visits(potential(keypoint)) == [5, 6, 7, 8, 9]


def test_the_kagi_rule_counts_passed_waypoints_and_the_sparse_success() -> None:
    rule = KagiRule([[0, 0, 0], [1, 0, 0], [1, 1, 0]], reach_m=2.0)
    places = [[0, 0, 0], [0.4, 0, 0], [0.9, 0, 0], [1, 0.4, 0], [1, 0.6, 0], [1, 1, 0]]
    rewards = [rule.reward(place, success=False) for place in places]
    assert rewards == sorted(rewards)
    assert rewards[-1] == pytest.approx(0.99)
    assert rule.reward([9, 9, 9], success=True) == 1.0
    with pytest.raises(SpecMismatch, match="waypoints"):
        KagiRule(np.zeros((0, 3)), 1.0)
    with pytest.raises(ConfigError, match="reach_m"):
        KagiRule([[0, 0, 0]], 0.0)


def random_mdp(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transition probabilities [S, A, S], rewards [S, A, S] and which states end the episode [S]."""
    rng = np.random.default_rng(seed)
    states, actions = int(rng.integers(2, 6)), int(rng.integers(2, 4))
    moves = rng.dirichlet(np.full(states, 0.3), (states, actions))
    return moves, rng.normal(size=moves.shape), rng.random(states) < 0.3


def backed_up(moves: np.ndarray, rewards: np.ndarray, terminal: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """Q [S, A] from the values [S] of the states ahead."""
    return np.sum(moves * (rewards + GAMMA * np.where(terminal, 0.0, ahead)), axis=2)


def optimal(moves: np.ndarray, rewards: np.ndarray, terminal: np.ndarray) -> np.ndarray:
    q = np.zeros(moves.shape[:2])
    for _ in range(1200):
        q = backed_up(moves, rewards, terminal, q.max(axis=1))
    return q


def shaping_of(phi: np.ndarray, phi_ahead: np.ndarray, terminal: np.ndarray) -> np.ndarray:
    """The shaping [S, 1, S'] of every transition, from the function that the replay uses."""
    pairs = [
        [
            telescoped(float(a), float(b), 0.0 if end else GAMMA)
            for b, end in zip(phi_ahead, terminal, strict=True)
        ]
        for a in phi
    ]
    return np.array(pairs)[:, None, :]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 100.0))
def test_any_potential_leaves_the_optimal_policy(seed: int, weight: float) -> None:
    moves, rewards, terminal = random_mdp(seed)
    phi = weight * np.random.default_rng(seed + 1).normal(size=len(moves))
    plain = optimal(moves, rewards, terminal)
    shaped = optimal(moves, rewards + shaping_of(phi, phi, terminal), terminal)
    # More than the same best action: every action's disadvantage is the same.
    np.testing.assert_allclose(shaped, plain - phi[:, None], atol=1e-8 * (1 + weight))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.booleans())
def test_a_new_plan_every_step_leaves_it_too(seed: int, steps: int, truncated: bool) -> None:
    moves, rewards, terminal = random_mdp(seed)
    phi = np.random.default_rng(seed + 1).normal(size=(steps + 1, len(moves)))
    after = optimal(moves, rewards, terminal).max(axis=1)  # what the learner bootstraps at a time limit
    last = terminal if truncated else np.ones_like(terminal)  # else the last step ends in success or failure
    plain, shaped = after, after - phi[steps]
    for t in reversed(range(steps)):
        ends = last if t == steps - 1 else terminal
        q = backed_up(moves, rewards, ends, plain)
        q_shaped = backed_up(moves, rewards + shaping_of(phi[t], phi[t + 1], ends), ends, shaped)
        np.testing.assert_allclose(q_shaped, q - phi[t][:, None], atol=1e-9)
        plain, shaped = q.max(axis=1), q_shaped.max(axis=1)
