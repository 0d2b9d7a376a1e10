"""The rate limit from the config to the robot: what is executed stays in reach, and its density is right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from policies.replay.batch import Batch
from policies.residual import situation
from policies.residual.actor_update import ActorUpdate
from policies.residual.behaviour import Behaviour, Decision
from policies.residual.config import ResidualConfig
from policies.residual.networks import initial_params
from policies.residual.policy import ResidualPolicy
from policies.residual.situation import Situation
from robot.core.errors import SpecMismatch
from robot.core.spec import ActionSpec, ArmActionSpec, RigSpec
from tests.framework.option_toys import (
    new_agent,
    one_batch,
    rated_by_all,
    running,
    seen_at,
    shaken,
    shaken_state,
    target_of,
)
from tests.framework.residual_toys import SMALL, random_batch, rig
from tests.framework.test_residual_learns import experience

RATE = 0.3
LIMITED = replace(SMALL, action_rate=RATE, critics=2, target_noise_std=0.0)
GAUSSIAN = replace(LIMITED, policy="gaussian")


def one_value(gripper: bool = False) -> RigSpec:
    return RigSpec(rig(0).observation, ActionSpec((ArmActionSpec("arm", ("x",), 0.01, 0.05, gripper),)))


def behaves(spec: RigSpec, config: ResidualConfig, by: float = 0.3) -> tuple[Behaviour, Any, Any]:
    """With an actor and a gripper critic that have opinions."""
    behaviour = Behaviour(spec.action, config)
    actor = shaken(initial_params(behaviour.actor, spec, jax.random.PRNGKey(0)), by=by)
    if not behaviour.has_gripper_critic:
        return behaviour, actor, None
    return behaviour, actor, shaken(initial_params(behaviour.gripper, spec, jax.random.PRNGKey(1)))


def situations(count: int, size: int, seed: int = 0) -> Situation:
    rng = np.random.default_rng(seed)
    state = rng.normal(size=(count, 3)).astype(np.float32)
    base, previous = (rng.uniform(-1, 1, (count, size)).astype(np.float32) for _ in range(2))
    return Situation(state, {}, base, previous)


@pytest.mark.parametrize("config", [LIMITED, GAUSSIAN], ids=lambda c: c.policy)
@pytest.mark.parametrize("noisy", [False, True])
def test_what_is_executed_stays_in_reach(config: ResidualConfig, noisy: bool) -> None:
    behaviour, actor, _ = behaves(rig(0), config)
    seen = situations(500, 2)
    noise = 3.0 * jax.random.normal(jax.random.PRNGKey(1), (500, 2)) if noisy else None
    assert seen.previous is not None
    for residual in (
        behaviour.decide(actor, None, seen, noise).residual,
        behaviour.explore(actor, None, seen, noise),
    ):
        executed = np.clip(seen.base + residual, -1, 1)
        assert np.abs(executed - seen.previous).max() <= RATE + 1e-6
        in_bound = np.abs(seen.base - seen.previous) < RATE + SMALL.residual_scale - 0.03  # they overlap
        assert np.abs(residual)[in_bound].max() <= SMALL.residual_scale + 1e-6


# base and previous: both free, cut by 1, cut by the residual's bound, out of each other's reach
@pytest.mark.parametrize(("base", "previous"), [(0.1, 0.05), (0.9, 0.95), (0.6, 0.0), (-0.9, 0.4)])
def test_the_density_of_what_is_executed_integrates_to_one(base: float, previous: float) -> None:
    behaviour, actor, _ = behaves(one_value(), GAUSSIAN, by=0.1)
    noise = jnp.linspace(-8.0, 8.0, 20_001)[:, None]
    same = [jnp.broadcast_to(jnp.asarray(x, jnp.float32), (len(noise), n)) for x, n in
            ((0.3, 3), (base, 1), (previous, 1))]  # fmt: skip
    decided = behaviour.decide(actor, None, Situation(same[0], {}, same[1], same[2]), noise)
    executed = np.asarray(base + decided.residual, np.float64)[:, 0]
    area = np.trapezoid(np.exp(np.asarray(decided.log_density, np.float64)), executed)
    assert area == pytest.approx(1.0, abs=5e-3)
    assert np.ptp(executed) > 0.02


def test_an_untrained_actor_does_what_the_base_wants_or_comes_near() -> None:
    behaviour = Behaviour(one_value().action, LIMITED)
    actor = initial_params(behaviour.actor, one_value(), jax.random.PRNGKey(0))  # its output is zero
    base = np.array([[0.1], [0.25], [0.9]], np.float32)
    seen = Situation(np.zeros((3, 3), np.float32), {}, base, 0 * base)
    residual = behaviour.decide(actor, None, seen).residual
    executed = (base + np.asarray(residual))[:, 0]
    np.testing.assert_allclose(executed[:2], [0.1, 0.25], atol=1e-6)
    assert 0.25 < executed[2] <= 0.3 + 1e-6  # as far as the reach, not further


def test_the_target_rates_only_what_can_be_executed() -> None:
    config = replace(LIMITED, target_noise_std=0.5, target_noise_clip=1.0)
    batch = one_batch(random_batch(rig(0), 0))
    rule, state = shaken_state(rig(0), config)
    then = situation.then(config, state.statistics, batch)
    noise_key, _ = jax.random.split(jax.random.fold_in(state.critic.key, 0))
    noise = np.clip(0.5 * jax.random.normal(noise_key, (16, 2)), -1, 1)
    decided = rule.critic._behaviour.decide(state.actor.params, None, then)
    previous, base = batch.next_previous_action, batch.next_base_action
    low, high = np.maximum(previous - RATE, -1), np.minimum(previous + RATE, 1)  # the reach, then the bound
    low, high = np.clip(base - 0.5, low, high - 0.03), np.clip(base + 0.5, low + 0.03, high)
    action = np.clip(base + decided.residual + noise, low, high)
    wanted = np.clip(batch.reward + batch.discount * rated_by_all(config, state, then, action), 0, 1)
    np.testing.assert_allclose(target_of(rule, state, batch), wanted, atol=1e-5)
    unlike = batch._replace(next_previous_action=-batch.next_previous_action)
    assert not np.allclose(target_of(rule, state, unlike), wanted)  # the action before counts


def losing(policy: Any, base: float, previous: float) -> tuple[ActorUpdate, Decision]:
    """An untrained actor's decision, and what computes its losses."""
    config, spec = replace(LIMITED, policy=policy), one_value()
    behaviour = Behaviour(spec.action, config)
    actor = initial_params(behaviour.actor, spec, jax.random.PRNGKey(0))
    seen = Situation(np.zeros((1, 3), np.float32), {}, np.full((1, 1), base), np.full((1, 1), previous))
    decided = behaviour.decide(actor, None, seen, jnp.full((1, 1), 0.5))
    return ActorUpdate(spec, config, behaviour), decided


def taught(action: float, base: float, human: bool) -> Batch:
    batch = one_batch(random_batch(one_value(), 0, size=1))
    one = np.ones((1, 1), np.float32)
    who = np.full_like(batch.shown, human)
    return batch._replace(action=action * one, base_action=base * one, shown=who)


def test_the_actor_follows_a_person_as_far_as_it_can_reach() -> None:
    update, decided = losing("deterministic", 0.0, 0.0)
    toward = update._bc_loss(decided, taught(0.9, 0.0, human=True), True)
    assert float(toward) == pytest.approx(0.3**2)  # a person's 0.9 is out of reach, 0.3 is not
    assert float(update._bc_loss(decided, taught(0.9, 0.0, human=False), True)) == 0.0


def test_entropy_is_compared_for_the_width_that_there_was() -> None:
    update, decided = losing("gaussian", 0.6, 0.0)  # of [0.1, 1.1] there is [0.1, 0.3]
    assert float((update._comparable(decided) - decided.log_density)[0]) == pytest.approx(np.log(0.1 / 0.5))


def test_a_discrete_gripper_is_free_of_the_limit() -> None:
    spec, config = one_value(gripper=True), replace(GAUSSIAN, gripper="discrete")
    behaviour, actor, gripper = behaves(spec, config)
    seen = situations(300, 2)
    decided = behaviour.decide(actor, gripper, seen, jax.random.normal(jax.random.PRNGKey(1), (300, 2)))
    assert seen.previous is not None
    assert decided.within is not None
    executed = np.asarray(seen.base + decided.residual)
    assert np.abs(executed[:, 0] - seen.previous[:, 0]).max() <= RATE + 1e-6
    assert set(np.round(executed[:, 1], 5)) <= {-1.0, 0.0, 1.0}
    assert np.abs(executed[:, 1] - seen.previous[:, 1]).max() > RATE
    np.testing.assert_array_equal(decided.within.half[:, 1], 1.0)


def test_the_robot_must_tell_what_was_executed_before() -> None:
    policy = running(rig(0), LIMITED, new_agent(rig(0), LIMITED).actor_params)
    seen, base = seen_at(np.zeros(3, np.float32)), np.array([0.9, 0.1], np.float32)
    with pytest.raises(SpecMismatch, match=r"action_rate is 0\.3"):
        policy.act(seen, base)
    far = base + policy.act(seen, base, previous_action=np.zeros(2, np.float32))
    assert far == pytest.approx([0.29, 0.1], abs=0.011)


def test_before_any_weights_the_base_is_followed_as_far_as_it_goes() -> None:
    policy = ResidualPolicy(rig(0), LIMITED, "toy")
    seen, base = seen_at(np.zeros(3, np.float32)), np.array([0.9, 0.1], np.float32)
    assert base + policy.act(seen, base, None, np.zeros(2, np.float32)) == pytest.approx([0.3, 0.1])


def practice(rng: np.random.Generator) -> Batch:
    """Random changes from random actions; the goal is a change that the state tells."""
    batch = one_batch(experience(rng, rig(0)))
    previous = rng.uniform(-0.5, 0.5, batch.action.shape).astype(np.float32)
    change = rng.uniform(-RATE, RATE, previous.shape).astype(np.float32)
    reward = 1.0 - np.abs(change - 0.25 * batch.state[:, :2]).max(axis=1)
    batch = batch._replace(previous_action=previous, action=previous + change, reward=reward)
    return jax.tree.map(lambda x: x[None], batch)


@pytest.mark.parametrize("policy", ["deterministic", "gaussian"])
def test_learns_how_to_change_the_action(policy: Any) -> None:
    rates: Any = {"critic_lr": 2e-3, "actor_lr": 2e-3, "actor_average": 1}  # few updates: the last must count
    config = replace(LIMITED, policy=policy, hidden=(64, 64), residual_scale=1.0, bc_weight=0.0, **rates)
    learner, rng = new_agent(rig(0), config), np.random.default_rng(0)
    for i in range(400):
        learner.update(practice(rng), train_actor=i >= 50)
    assert learner.compilations == 2
    robot, rng = running(rig(0), config, learner.actor_params), np.random.default_rng(99)
    state, before = (rng.uniform(-s, s, (100, n)).astype(np.float32) for s, n in ((1.0, 3), (0.5, 2)))
    zero = np.zeros(2, np.float32)
    change = np.array([robot.act(seen_at(s), zero, None, p) - p for s, p in zip(state, before, strict=True)])
    assert np.abs(change).max() <= RATE + 1e-6
    assert (np.abs(change - 0.25 * state[:, :2]).max(axis=1) < 0.1).mean() > 0.8  # untrained: 0.16
