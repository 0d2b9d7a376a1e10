"""What an update changes, and what it must not."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from policies.residual.config import PRESETS, ResidualConfig
from policies.residual.networks import choose_members
from robot.core.errors import ConfigError, SpecMismatch
from tests.framework.residual_toys import SMALL, agent, random_batch, rig


def leaves(tree: Any) -> list[np.ndarray]:
    return [np.array(x) for x in jax.tree.leaves(tree)]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return all(x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


def test_critic_only_updates_leave_the_actor_and_its_adam_bit_identical() -> None:
    spec = rig()
    learner = agent(spec)
    learner.update(random_batch(spec, 0), train_actor=True)  # so that Adam has momentum to coast on
    before, critic = leaves(learner.state.actor), leaves(learner.state.critic.params)
    learner.update(random_batch(spec, 1, count=3), train_actor=False)
    assert same(before, leaves(learner.state.actor))
    assert not same(critic, leaves(learner.state.critic.params))
    assert learner.step == 4


def test_an_actor_update_moves_the_actor_and_reports_it() -> None:
    spec = rig()
    learner = agent(spec)
    before = leaves(learner.state.actor)
    metrics = learner.update(random_batch(spec, 0), train_actor=True)
    assert not same(before, leaves(learner.state.actor))
    names = "critic_loss q_mean q_expert_mean q_online_mean actor_loss bc_loss residual_abs_mean saturation"
    assert set(metrics) == set(names.split())
    assert np.isfinite(list(metrics.values())).all()


def test_one_batch_of_last_steps_is_learned_by_heart() -> None:
    spec = rig()
    one = random_batch(spec, 0)
    many = jax.tree.map(
        lambda x: np.repeat(x, 50, axis=0), one._replace(discount=np.zeros((1, 16), np.float32))
    )
    learner = agent(spec)
    first = learner.update(many, train_actor=False)["critic_loss"]
    for _ in range(9):
        last = learner.update(many, train_actor=False)
    assert last["critic_loss"] < min(0.01 * first, 1e-3)
    assert last["q_mean"] == pytest.approx(one.reward.mean(), abs=0.02)


def test_every_layer_of_every_critic_is_its_own() -> None:
    learner = agent(rig())
    ensemble = learner.state.critic.params["values"]["ensemble"]
    assert {leaf.shape[0] for leaf in jax.tree.leaves(ensemble)} == {SMALL.critics}
    for layer in ("Dense_0", "Dense_1", "Dense_2"):  # the last one too
        kernel = np.asarray(ensemble[layer]["kernel"])
        assert len({member.tobytes() for member in kernel}) == SMALL.critics


def test_the_subset_is_drawn_from_the_members_without_repeats() -> None:
    params = {"encoder": np.ones(2), "ensemble": np.arange(10.0)[:, None]}
    picks = [
        np.asarray(choose_members(params, jax.random.PRNGKey(i), 10, 2)["ensemble"])[:, 0] for i in range(40)
    ]
    assert all(len(set(p.tolist())) == 2 for p in picks)
    assert {x for p in picks for x in p.tolist()} == set(range(10))


def test_targets_follow_by_the_ema() -> None:
    spec = rig()
    learner = agent(spec)
    old = leaves(learner.state.critic.targets)
    learner.update(random_batch(spec, 0), train_actor=False)
    rate = SMALL.target_ema
    for was, now, target in zip(
        old, leaves(learner.state.critic.params), leaves(learner.state.critic.targets), strict=True
    ):
        np.testing.assert_allclose(target, (1 - rate) * was + rate * now, atol=1e-6)


def test_the_same_seed_learns_the_same_numbers() -> None:
    spec = rig()
    first, second, other = agent(spec), agent(spec), agent(spec, seed=1)
    for learner in (first, second, other):
        learner.update(random_batch(spec, 0, count=2), train_actor=True)
    assert same(leaves(first.state), leaves(second.state))
    assert not same(leaves(first.state.critic.params), leaves(other.state.critic.params))


def test_bad_statistics_are_refused() -> None:
    spec = rig()
    with pytest.raises(SpecMismatch, match="std above 0"):
        type(agent(spec))(spec, SMALL, np.zeros(3, np.float32), np.zeros(3, np.float32), 0)
    with pytest.raises(SpecMismatch, match=r"want \(3,\)"):
        type(agent(spec))(spec, SMALL, np.zeros(2, np.float32), np.ones(2, np.float32), 0)


def test_a_config_reports_every_problem() -> None:
    with pytest.raises(ConfigError) as caught:
        ResidualConfig(hidden=(), discount=1.5, critic_subset=20, residual_scale=0.0, value_min=1.0)
    assert [p.split(":")[0] for p in caught.value.problems] == [
        "discount",
        "residual_scale",
        "hidden",
        "critic_subset",
        "value_min",
    ]
    assert PRESETS["rlpd"].residual_scale == 1.0
