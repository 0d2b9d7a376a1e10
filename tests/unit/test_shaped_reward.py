"""The shaping telescopes: over an episode, over the replay's n steps, over plan changes and alarms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.replay.assemble import assemble
from policies.replay.batch import Batch
from policies.replay.buffer import ReplayBuffer
from policies.rewards.shaping.shaped_reward import episode_shaping, telescoped
from robot.core.errors import SpecMismatch
from robot.core.types import Source
from tests.unit.counting_episode import SPEC, end, header, step

GAMMA = 0.97
potentials = st.lists(st.floats(0, 1), min_size=2, max_size=12)


def run(phi: list[float], terminated: bool, freeze_at: int = -1) -> list[float]:
    """Step by step, as the replay pays labels; from an alarm at a step on they are 0, -1 is none."""
    labels = phi if freeze_at < 0 else [*phi[: freeze_at + 1], *[0.0] * (len(phi) - freeze_at - 1)]
    left = [GAMMA] * (len(phi) - 2) + [0.0 if terminated else GAMMA]
    return [telescoped(*each) for each in zip(labels, labels[1:], left, strict=False)]


def discounted(rewards: list[float]) -> float:
    return float(np.polyval(rewards[::-1], GAMMA))


@given(potentials)
def test_a_terminated_episode_pays_minus_its_first_phi(phi: list[float]) -> None:
    assert discounted(run(phi, terminated=True)) == pytest.approx(-phi[0], abs=1e-9)


@given(potentials)
def test_a_time_limit_keeps_the_last_phi(phi: list[float]) -> None:
    kept = GAMMA ** (len(phi) - 1) * phi[-1] - phi[0]
    assert discounted(run(phi, terminated=False)) == pytest.approx(kept, abs=1e-9)


@given(potentials, st.booleans())
def test_stored_and_live_episodes_agree(phi: list[float], terminated: bool) -> None:
    np.testing.assert_allclose(episode_shaping(phi, terminated, GAMMA), run(phi, terminated), atol=1e-12)


def test_a_new_plan_pays_the_old_phi_back() -> None:
    assert telescoped(0.4, 0.1, GAMMA) == pytest.approx(GAMMA * 0.1 - 0.4)  # 0.1 by the new plan


@given(potentials, st.integers(0, 10), st.booleans())
def test_an_alarm_pays_phi_back_once_and_then_nothing(phi: list[float], at: int, terminated: bool) -> None:
    at = min(at, len(phi) - 2)
    paid = run(phi, terminated, freeze_at=at)
    assert paid[at] == pytest.approx(-phi[at])
    assert paid[at + 1 :] == pytest.approx([0.0] * (len(paid) - at - 1))
    assert discounted(paid) == pytest.approx(-phi[0], abs=1e-9)


def sampled(phi: np.ndarray, n: int, terminated: bool, rewards: np.ndarray, fails: bool, human: int) -> Batch:
    """Batches of a real replay buffer whose states say the time step."""
    last = len(phi) - 2
    steps = []
    for t in range(last + 1):
        source = Source.HUMAN if t >= human else Source.POLICY
        made = step(0, t, source=source, reward=float(rewards[t]), terminated=terminated and t == last)
        steps.append(replace(made, truncated=not terminated and t == last))
    buffer = ReplayBuffer(SPEC, 100, GAMMA, n, seed=0, takeover_fails=fails)
    buffer.add_episode(assemble(header(0), steps, end(0, last + 1)))
    return buffer.sample(64, expert_fraction=0.0)


@settings(max_examples=25, deadline=None)
@given(potentials, st.integers(1, 5), st.booleans(), st.integers(0, 14))
def test_n_steps_telescope_to_the_replays_summed_rewards(
    values: list[float], n: int, terminated: bool, human: int
) -> None:
    phi = np.array(values)
    batch = sampled(phi, n, terminated, episode_shaping(phi, terminated, GAMMA), False, human)
    start, ahead = batch.state[..., 0].astype(int), batch.next_state[..., 0].astype(int)
    np.testing.assert_allclose(telescoped(phi[start], phi[ahead], batch.discount), batch.reward, atol=1e-5)


def test_a_takeover_that_counts_as_failure_is_an_end_for_phi_too() -> None:
    phi = np.linspace(0.1, 0.6, 6)
    batch = sampled(phi, 3, True, np.zeros(5), True, human=3)
    start, ahead = batch.state[..., 0].astype(int), batch.next_state[..., 0].astype(int)
    shaping = telescoped(phi[start], phi[ahead], batch.discount)
    before = ~batch.shown[..., 0, 0] & (ahead == 3)
    assert before.any()
    np.testing.assert_allclose(shaping[before], -phi[start][before])


@pytest.mark.parametrize("phi", [[0.1], [[0.1, 0.2]], [0.1, np.inf]])
def test_what_is_no_episode_is_refused(phi: list) -> None:
    with pytest.raises(SpecMismatch, match="potentials"):
        episode_shaping(phi, True, GAMMA)
