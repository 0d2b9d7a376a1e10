"""The learning rule against numbers worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from policies.residual import losses


def test_td_target_takes_the_minimum_and_stops_at_a_terminal_step() -> None:
    q_next = jnp.array([[0.5, 0.9], [0.4, 0.8]])
    target = losses.td_target(jnp.array([0.1, 0.0]), jnp.array([0.9, 0.0]), q_next, 0.0, 1.0)
    np.testing.assert_allclose(target, [0.1 + 0.9 * 0.4, 0.0], rtol=1e-6)


def test_td_target_stays_within_the_reward_range() -> None:
    q_next = jnp.array([[5.0, -5.0]])
    target = losses.td_target(jnp.array([1.0, 0.0]), jnp.array([0.9, 0.9]), q_next, 0.0, 1.0)
    np.testing.assert_array_equal(target, [1.0, 0.0])


def test_a_shaped_target_is_the_plain_one_without_the_state_s_potential() -> None:
    rng = np.random.default_rng(0)
    reward, q_next = (rng.random(50) < 0.2).astype(np.float32), rng.normal(0.3, 0.6, (2, 50))
    discount = np.where(reward > 0, 0.0, 0.9)
    here, there = rng.random(50), rng.random(50)
    plain = losses.td_target(reward, discount, q_next, 0.0, 1.0)
    shaped = losses.td_target(
        reward + discount * there - here, discount, q_next - there, 0.0 - here, 1.0 - here
    )
    np.testing.assert_allclose(shaped, plain - here, atol=1e-6)


def test_critic_loss_sums_each_members_mean_square() -> None:
    q = jnp.array([[1.0, 0.0], [0.5, 0.5]])
    # member 0: (1 + 0) / 2, member 1: (0.25 + 0.25) / 2
    assert float(losses.critic_loss(q, jnp.array([0.0, 0.0]))) == pytest.approx(0.75)


def test_target_action_clips_the_noise_and_then_the_action() -> None:
    action = losses.target_action(
        jnp.array([[0.9, 0.0]]), jnp.array([[0.3, 0.1]]), jnp.array([[0.0, -9.0]]), 0.2
    )
    np.testing.assert_allclose(action, [[1.0, -0.1]], atol=1e-7)


def test_q_loss_is_normalised_and_its_gradient_is_not_through_the_scale() -> None:
    q = jnp.array([[0.2, 0.6]])
    assert float(losses.q_loss(q)) == pytest.approx(-1.0)
    np.testing.assert_allclose(jax.grad(losses.q_loss)(q), [[-0.5 / 0.4, -0.5 / 0.4]], rtol=1e-6)


def test_bc_loss_uses_only_masked_samples_and_the_reachable_correction() -> None:
    residual, base = jnp.zeros((3, 2)), jnp.zeros((3, 2))
    action = jnp.array([[1.0, 0.2], [1.0, 1.0], [0.0, 0.0]])
    mask = jnp.array([[True, True], [False, False], [True, True]])
    # sample 0 wants (0.5, 0.2) after clipping: 0.25 + 0.04; sample 2 wants 0; four values count
    assert float(losses.bc_loss(residual, action, base, mask, 0.5)) == pytest.approx(0.29 / 4)
    one_arm = mask.at[0, 0].set(False)
    assert float(losses.bc_loss(residual, action, base, one_arm, 0.5)) == pytest.approx(0.04 / 3)
    assert float(losses.bc_loss(residual, action, base, jnp.zeros((3, 2), bool), 0.5)) == 0.0


def test_a_person_is_followed_where_the_ensemble_rates_him_higher() -> None:
    person, actor = np.array([[0.2, 0.5, 0.4], [0.4, 0.5, 0.1]]), np.array([[0.1, 0.5, 0.3], [0.3, 0.5, 0.4]])
    assert losses.worth_following(person, actor).tolist() == [True, False, False]


def test_masked_mean_of_nothing_is_no_number() -> None:
    values = jnp.array([1.0, 3.0])
    assert float(losses.masked_mean(values, jnp.array([False, True]))) == 3.0
    assert np.isnan(float(losses.masked_mean(values, jnp.zeros(2, bool))))
