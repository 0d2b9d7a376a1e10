"""The actor's side: zero until weights come, then swapped without a recompile."""

from __future__ import annotations

import copy

import jax
import numpy as np
import pytest

from policies.residual.networks import Actor
from policies.residual.policy import ResidualPolicy
from policies.residual.weights import pack
from robot.core.errors import WeightsRefused
from robot.core.types import Array, Observation
from tests.framework.residual_toys import MAP, SMALL, agent, payload, random_batch, rig

BASE = np.array([0.2, -0.3], np.float32)


def observation(seed: int = 0) -> Observation:
    rng = np.random.default_rng(seed)
    state = {"pose": rng.normal(size=2).astype(np.float32), "width": np.ones(1, np.float32)}
    return Observation(0, state, {}, {"cam0": rng.normal(size=MAP).astype(np.float16)})


def trained_params() -> dict:
    spec = rig()
    learner = agent(spec)
    for i in range(20):
        learner.update(random_batch(spec, i), train_actor=True)
    return payload(learner)


@pytest.fixture(scope="module")
def params() -> dict:
    return trained_params()


@pytest.fixture(scope="module")
def compiled() -> ResidualPolicy:
    return ResidualPolicy(rig(), SMALL, "toy")


@pytest.fixture
def policy(compiled: ResidualPolicy) -> ResidualPolicy:
    return copy.copy(compiled)  # shares the compiled function, not the weights


def act(policy: ResidualPolicy, seed: int | None = None) -> Array:
    return policy.act(observation(), BASE, seed)


def test_before_any_weights_the_residual_is_exactly_zero_or_exploration_alone(policy: ResidualPolicy) -> None:
    assert policy.version == 0
    assert act(policy).tolist() == [0.0, 0.0]
    noisy = np.array([act(policy, seed=i) for i in range(200)])
    assert noisy.mean(axis=0) == pytest.approx([0.0, 0.0], abs=0.03)
    assert noisy.std(axis=0) == pytest.approx([SMALL.exploration_std] * 2, rel=0.2)


def test_untrained_weights_start_as_exactly_the_base(policy: ResidualPolicy) -> None:
    policy.swap(policy.load(pack(payload(agent(rig())), 1, 0, "toy")))
    assert policy.version == 1
    assert act(policy).tolist() == [0.0, 0.0]


def test_the_actor_computes_what_the_learner_learned(policy: ResidualPolicy, params: dict) -> None:
    policy.swap(policy.load(pack(params, 1, 20, "toy")))
    seen = observation()
    state = (rig().observation.flatten_state(seen) - 0.1) / 0.7  # the statistics travelled along
    features = {k: v[None] for k, v in seen.features.items()}
    raw = Actor(SMALL, 2).apply({"params": params["average"]}, state[None], features, BASE[None])
    want = SMALL.residual_scale * np.tanh(raw.mean)
    np.testing.assert_allclose(act(policy), np.asarray(want)[0], atol=1e-6)
    assert np.abs(act(policy)).max() > 0


def test_load_changes_nothing_until_the_swap_which_does_not_recompile(
    policy: ResidualPolicy, params: dict
) -> None:
    compiled = policy._forward._cache_size()
    for version in (1, 2, 3):
        before = act(policy)
        ready = policy.load(pack(jax.tree.map(lambda x, v=version: x * v, params), version, version, "toy"))
        np.testing.assert_array_equal(act(policy), before)
        policy.swap(ready)
        assert not np.array_equal(act(policy), before)
    assert compiled == policy._forward._cache_size() == 2  # with and without exploration


def test_exploration_is_seeded_and_bounded(policy: ResidualPolicy, params: dict) -> None:
    policy.swap(policy.load(pack(params, 1, 20, "toy")))
    np.testing.assert_array_equal(act(policy, seed=5), act(policy, seed=5))
    assert not np.array_equal(act(policy, seed=5), act(policy, seed=6))
    noisy = np.array([act(policy, seed=i) for i in range(200)])
    assert np.abs(noisy).max() <= SMALL.residual_scale
    assert noisy.std(axis=0) == pytest.approx([SMALL.exploration_std] * 2, rel=0.2)


def test_refused_weights_leave_the_running_ones(policy: ResidualPolicy, params: dict) -> None:
    policy.swap(policy.load(pack(params, 4, 20, "toy")))
    before = act(policy)
    flat = {**params, "state": {**params["state"], "std": np.zeros(3, np.float32)}}
    for bad, reason in (
        (pack(params, 4, 20, "toy"), "not newer"),
        (pack(params, 5, 20, "other"), "made for spec"),
        (pack(flat, 5, 20, "toy"), "std above 0"),
    ):
        with pytest.raises(WeightsRefused, match=reason):
            policy.load(bad)
    assert policy.version == 4
    np.testing.assert_array_equal(act(policy), before)
