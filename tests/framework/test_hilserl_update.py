"""The peer's update is the one the paper describes, at small sizes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from benchmarks.peers.case import Case
from benchmarks.peers.hilserl_update import CRITIC_ONLY, Learner, State, Views, random_crop, views

PIXELS = Case(2, 1, 2, 1, 3, 2, 32, one_thread=True)
STATE = Case(3, 0, 8, 1, 3, 2, 32, one_thread=True)
KEY = jax.random.PRNGKey(1)


@pytest.fixture(scope="module")
def seeing() -> Learner:
    return Learner(PIXELS)


@pytest.fixture(scope="module")
def gradients(seeing: Learner) -> dict[str, Any]:
    rule = seeing.rule

    def both(state: State, seen: Views) -> dict[str, Any]:
        losses = {"actor": rule.actor_loss, "critic": rule.critic_loss}
        return {name: jax.grad(loss)(state.params, state, seen, KEY) for name, loss in losses.items()}

    return jax.jit(both)(seeing.state, jax.jit(views)(seeing.batches[0], KEY))


def size(tree: Any) -> float:
    return float(sum(np.abs(leaf).sum() for leaf in jax.tree.leaves(tree)))


def test_actor_gradient_stays_out_of_the_cameras_part(gradients: dict[str, Any]) -> None:
    grads = gradients["actor"]
    assert size([grads["encoder"]["camera0"], grads["encoder"]["trunk"], grads["ensemble"]]) == 0.0
    assert size(grads["policy_body"]) > 0.0


def test_critic_trains_the_cameras_part_and_not_the_trunk(gradients: dict[str, Any]) -> None:
    grads = gradients["critic"]
    assert size(grads["encoder"]["camera0"]) > 0.0
    assert size([grads["encoder"]["trunk"], grads["policy_body"]]) == 0.0


def test_trunk_is_a_resnet10(seeing: Learner) -> None:
    trunk = seeing.state.params["encoder"]["trunk"]
    convolutions = 7 * 7 * 3 * 64
    for before, filters in ((64, 64), (64, 128), (128, 256), (256, 512)):
        convolutions += 9 * before * filters + 9 * filters * filters
        convolutions += before * filters if before != filters else 0
    norms = 2 * (64 + 2 * 64 + 3 * (128 + 256 + 512))
    assert sum(leaf.size for leaf in jax.tree.leaves(trunk)) == convolutions + norms == 4_905_792


def test_updates_fit_one_batch_and_temperature_rises_while_entropy_is_short() -> None:
    learner = Learner(STATE)
    rule, batch = learner.rule, learner.batches[0]
    seen = Views({"state": batch.state}, {"state": batch.next_state}, batch)
    critic_loss = jax.jit(rule.critic_loss)
    before = critic_loss(learner.state.params, learner.state, seen, KEY)
    for _ in range(100):
        learner.state = rule.step(learner.state, batch, CRITIC_ONLY)
    assert critic_loss(learner.state.params, learner.state, seen, KEY) < 0.5 * before
    rule.target_entropy = 100.0
    grads = jax.jit(jax.grad(rule.temperature_loss))(learner.state.params, learner.state, seen, KEY)
    assert grads["multiplier"] < 0.0  # down the gradient is up


def test_crop_shifts_each_image_by_up_to_the_pad() -> None:
    rows, columns = np.mgrid[0:8, 0:8].astype(np.uint8)
    image = np.stack([rows, columns, rows], axis=-1)
    crop = jax.jit(random_crop, static_argnums=2)
    cropped = np.asarray(crop(np.stack([image] * 50), KEY, 2))
    shifts = cropped[:, 4, 4, :2].astype(int) - 4
    assert len(np.unique(shifts, axis=0)) > 10
    assert np.abs(shifts).max() == 2
    for one, (down, right) in zip(cropped, shifts, strict=True):
        want = image[np.clip(np.arange(8) + down, 0, 7)][:, np.clip(np.arange(8) + right, 0, 7)]
        np.testing.assert_array_equal(one, want)
