"""The learner's options: each core learns the toy task; their parts against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from policies.residual import losses, value_head
from policies.residual.agent import ResidualAgent
from policies.residual.config import PRESETS, ResidualConfig
from policies.residual.networks import gripper_columns
from policies.residual.policy import ResidualPolicy
from policies.residual.self_prediction import prediction_loss
from policies.residual.squashed import sample
from policies.residual.weights import pack
from robot.core.spec import ActionSpec, ArmActionSpec, RigSpec
from tests.framework.residual_toys import SMALL, payload, random_batch, rig
from tests.framework.test_residual_learns import experience, success
from tests.framework.test_residual_policy import observation

TOY = {"hidden": (64, 64), "batch_size": 256, "critic_lr": 1e-3, "actor_lr": 1e-3, "state_size": 0}


@pytest.mark.parametrize("name", ["residual", "hilserl", "robust"])
def test_each_core_learns_to_reach_the_goal(name: str) -> None:
    spec = rig(0)
    config = replace(PRESETS[name], **TOY, residual_scale=0.6, bc_weight=0.0)
    learner = ResidualAgent(spec, config, np.zeros(3, np.float32), np.ones(3, np.float32), seed=0)
    rng = np.random.default_rng(0)
    for i in range(400):
        learner.update(experience(rng, spec, config.n_step), train_actor=i >= 50)
    policy = ResidualPolicy(spec, config, "toy")
    policy.swap(policy.load(pack(payload(learner), 1, learner.step, "toy")))
    assert success(policy, spec) > 0.9


def test_a_histograms_mean_is_its_target_all_over_the_range() -> None:
    config = ResidualConfig(head="categorical", bins=21)
    target = jnp.array([0.0, 0.123, 0.5, 1.0])
    shares = value_head.histogram(config, target)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(value_head.to_values(config, jnp.log(shares + 1e-12)), target, atol=2e-3)


def test_the_categorical_loss_is_least_at_the_target() -> None:
    config = ResidualConfig(head="categorical", bins=21)
    target = jnp.array([0.3])
    perfect = jnp.log(value_head.histogram(config, target) + 1e-9)[None]
    assert value_head.loss(config, 0.0 * perfect, target) == pytest.approx(np.log(21), rel=1e-5)
    best = value_head.loss(config, perfect, target)
    for other in (0.5 * perfect, 2.0 * perfect, jnp.roll(perfect, 1, axis=-1)):
        assert best < value_head.loss(config, other, target)


def test_the_squashed_density_integrates_to_one_and_is_zero_outside() -> None:
    noise = jnp.linspace(-7, 7, 20_001)[:, None]
    residual, log_density = sample(jnp.full((1,), 0.4), jnp.full((1,), 0.7), noise, 0.5)
    area = jnp.trapezoid(jnp.exp(log_density[:, 0]), residual[:, 0])
    assert float(area) == pytest.approx(1.0, abs=1e-3)
    assert float(jnp.abs(residual).max()) < 0.5


def test_the_gripper_bootstraps_by_double_q_learning() -> None:
    online, target = jnp.array([[[0.1, 0.9, 0.2]]]), jnp.array([[[0.7, 0.3, 0.8]]])
    got = losses.gripper_target(jnp.array([0.1]), jnp.array([0.5]), online, target, jnp.zeros(1), jnp.ones(1))
    np.testing.assert_allclose(got, [[0.1 + 0.5 * 0.3]], rtol=1e-6)
    # closed (-1) was executed: its value 0.1 against 0.4
    assert float(losses.gripper_loss(online, jnp.array([[-0.8]]), jnp.array([[0.4]]))) == pytest.approx(0.09)


def test_temperature_rises_while_the_entropy_is_too_low() -> None:
    too_sure = jnp.array([3.0])  # log-density: entropy -3, wanted -1
    gradient = jax.grad(losses.temperature_loss)(jnp.float32(0.0), too_sure, -1.0)
    assert float(gradient) == pytest.approx(-2.0)  # downhill is up
    assert float(losses.entropy_loss(jnp.array([[2.0]]), too_sure, jnp.float32(0.1))) == pytest.approx(-1.7)


def test_prediction_counts_whole_spans_only() -> None:
    here, there = jnp.array([[1.0, 0.0], [1.0, 0.0]]), jnp.array([[2.0, 0.0], [0.0, 1.0]])
    assert float(prediction_loss(here, there, jnp.array([True, False]))) == pytest.approx(0.0, abs=1e-6)
    assert float(prediction_loss(here, there, jnp.array([True, True]))) == pytest.approx(0.5)
    assert float(prediction_loss(here, there, jnp.array([False, False]))) == 0.0


def test_self_prediction_learns_the_encoder() -> None:
    spec, config = rig(1), replace(SMALL, self_prediction=1.0, critic_lr=3e-3)
    learner = ResidualAgent(spec, config, np.zeros(3, np.float32), np.ones(3, np.float32), seed=0)
    same = random_batch(spec, 0)
    first = learner.update(same, train_actor=False)["prediction_loss"]
    for _ in range(100):
        last = learner.update(same, train_actor=False)["prediction_loss"]
    assert last < 0.5 * first


def test_hyperspherical_layers_keep_columns_of_length_one() -> None:
    config = replace(SMALL, norm="hyperspherical", head="categorical", hidden=(16, 16))
    learner = ResidualAgent(rig(0), config, np.zeros(3, np.float32), np.ones(3, np.float32), seed=0)
    learner.update(random_batch(rig(0), 0, count=3), train_actor=True)
    flat = jax.tree_util.tree_flatten_with_path(learner.state.critic.params)[0]
    kernels = [leaf for path, leaf in flat if "unit_kernel" in str(path[-1])]
    assert len(kernels) == 7  # in, two blocks of two, two at the end
    for kernel in kernels:
        np.testing.assert_allclose(jnp.linalg.norm(kernel, axis=-2), 1.0, atol=1e-5)


def gripper_rig() -> RigSpec:
    arm = ArmActionSpec("arm", ("x",), 0.01, 0.05, gripper=True)
    return RigSpec(rig(0).observation, ActionSpec((arm,)))


def test_a_discrete_gripper_decides_whatever_the_base_wants() -> None:
    spec = gripper_rig()
    assert gripper_columns(spec.action).tolist() == [1]
    config = replace(SMALL, gripper="discrete", critic_lr=1e-2)
    learner = ResidualAgent(spec, config, np.zeros(3, np.float32), np.ones(3, np.float32), seed=0)
    batch = random_batch(spec, 0, size=256)
    closed = (batch.action[..., 1] < -0.5).astype(np.float32)  # closing is what pays
    batch = batch._replace(reward=closed, discount=0 * batch.discount)
    for _ in range(60):
        metrics = learner.update(batch, train_actor=True)
    assert metrics["gripper_loss"] < 0.02
    policy = ResidualPolicy(spec, config, "toy")
    policy.swap(policy.load(pack(learner.actor_params, 1, learner.step, "toy")))
    seen = replace(observation(), features={})
    for base in (1.0, 0.0, -1.0):
        residual = policy.act(seen, np.array([0.1, base], np.float32))
        assert base + residual[1] == pytest.approx(-1.0)
        assert abs(residual[0]) <= config.residual_scale


def test_a_session_compiles_two_programs() -> None:
    learner = ResidualAgent(rig(0), SMALL, np.zeros(3, np.float32), np.ones(3, np.float32), seed=0)
    for i in range(6):
        learner.update(random_batch(rig(0), i, count=2), train_actor=i % 2 == 1)
    assert learner.compilations == 2


def test_a_scan_of_updates_equals_them_one_by_one() -> None:
    spec = rig(0)
    make = lambda: ResidualAgent(spec, SMALL, np.zeros(3, np.float32), np.ones(3, np.float32), 0)  # noqa: E731
    one, many = make(), make()
    batches = random_batch(spec, 0, count=3)
    many.update(batches, train_actor=False)
    for k in range(3):
        one.update(jax.tree.map(lambda x, k=k: x[k : k + 1], batches), train_actor=False)
    for a, b in zip(jax.tree.leaves(one.state), jax.tree.leaves(many.state), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)
