"""A small rig and random batches for the residual tests."""

from __future__ import annotations

import copy
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from policies.replay.batch import Batch
from policies.residual.agent import ResidualAgent
from policies.residual.config import ResidualConfig
from policies.residual.update import LearnerState, UpdateRule
from robot.core.spec import ActionSpec, ArmActionSpec, ObservationSpec, RigSpec
from robot.core.types import Arrays

SMALL = ResidualConfig(hidden=(32, 32), critics=4, batch_size=16, embed_size=8, residual_scale=0.5)
MAP = (4, 4, 6)


def rig(cameras: int = 1) -> RigSpec:
    """State of 2 + 1 values, maps of 4 x 4 x 6, two action axes."""
    observation = ObservationSpec({"pose": (2,), "width": (1,)}, {}, {f"cam{i}": MAP for i in range(cameras)})
    return RigSpec(observation, ActionSpec((ArmActionSpec("arm", ("x", "y"), 0.01, 0.05),)))


def agent(spec: RigSpec, seed: int = 0) -> ResidualAgent:
    """With statistics that are not the identity. Agents of one spec share what jax compiled."""
    new = copy.copy(_compiled(len(spec.observation.features)))
    new.state = jax.tree.map(jnp.array, _initial_state(len(spec.observation.features), seed))
    return new


@functools.cache
def _compiled(cameras: int) -> ResidualAgent:
    return ResidualAgent(rig(cameras), SMALL, np.full(3, 0.1, np.float32), np.full(3, 0.7, np.float32), 0)


@functools.cache
def _initial_state(cameras: int, seed: int) -> LearnerState:
    learner = _compiled(cameras)
    mean, std = (np.asarray(x) for x in learner.state.statistics)
    state = learner.state if seed == 0 else UpdateRule(learner.spec, SMALL).initial(seed, mean, std)
    return jax.tree.map(np.array, state)  # on the host: no update donates it


def payload(learner: ResidualAgent) -> dict[str, Any]:
    """What the learner publishes; its feature maps are thin already, so each channel stays what it is."""
    identity = {"mean": np.zeros(MAP[-1], np.float32), "matrix": np.eye(MAP[-1], dtype=np.float32)}
    channels = dict.fromkeys(learner.spec.observation.features, identity)
    return {**learner.actor_params, "channels": channels}


def random_batch(spec: RigSpec, seed: int, count: int = 1, size: int = 16) -> Batch:
    """Noise of the right shapes [count, size, ...], half expert."""
    batches = [_random_batch(spec, 100 * seed + i, size) for i in range(count)]
    return jax.tree.map(lambda *parts: np.stack(parts), *batches)


def _random_batch(spec: RigSpec, seed: int, size: int) -> Batch:
    rng = np.random.default_rng(seed)
    expert = np.arange(size) < size // 2

    def actions(*steps: int) -> np.ndarray:
        return rng.uniform(-1, 1, (size, *steps, spec.action.size)).astype(np.float32)

    def states() -> np.ndarray:
        return rng.normal(size=(size, spec.observation.state_size)).astype(np.float32)

    def maps() -> Arrays:
        return {
            k: rng.normal(size=(size, *s)).astype(np.float16) for k, s in spec.observation.features.items()
        }

    reward = (rng.random(size) < 0.2).astype(np.float32)
    discount = np.full(size, 0.9, np.float32)
    now, then = (states(), maps(), actions()), (states(), maps(), actions())
    there, span = np.ones((size, SMALL.n_step), bool), SMALL.n_step
    return Batch(
        *now,
        actions(),
        reward,
        discount,
        *then,
        actions=actions(span),
        previous_action=actions(),
        next_previous_action=actions(),
        base_actions=actions(span),
        next_base_actions=actions(span),
        present=there,
        shown=np.tile(expert[:, None, None], (span, spec.action.size)),
        is_expert=expert,
        potential=np.zeros(size, np.float32),
    )
