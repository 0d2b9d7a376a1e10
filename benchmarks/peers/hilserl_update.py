"""One learner update of HIL-SERL (Luo et al., 2024, arXiv 2410.21845), encoder in the loop, as a worker.

Written anew from the paper and the project's published settings: random crop (pad 4) and the frozen trunk run
inside the update on both cameras' observation and next observation; SAC without entropy in the backup; three
losses, each with its own Adam over the whole parameter tree, and a target network of the whole tree.

Run by `benchmarks.peers.worker`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.peers.case import Case
from benchmarks.peers.hilserl_networks import HilSerl
from benchmarks.peers.worker import Contestant

DISCOUNT, TARGET_EMA, LEARNING_RATE, PAD, SUBSET = 0.97, 0.005, 3e-4, 4, 2
LOSSES = ("critic", "actor", "temperature")
CRITIC_ONLY = frozenset({"critic"})
EVERYTHING = frozenset(LOSSES)


class State(NamedTuple):
    """What an update reads and writes."""

    params: Any
    target_params: Any
    optimisers: dict[str, Any]  # one Adam over the whole tree for each loss
    key: jax.Array


class Batch(NamedTuple):
    """B transitions; an image is stored once: observation and next observation side by side."""

    state: np.ndarray  # [B, S]
    next_state: np.ndarray  # [B, S]
    images: dict[str, np.ndarray]  # camera -> [B, 2, H, W, 3] uint8
    action: np.ndarray  # [B, A]
    reward: np.ndarray  # [B]
    mask: np.ndarray  # [B]


class Views(NamedTuple):
    """A batch unpacked and augmented."""

    now: dict[str, Any]
    then: dict[str, Any]
    batch: Batch


def random_crop(images: np.ndarray, key: jax.Array, pad: int) -> jax.Array:
    """Images [B, H, W, 3], each shifted by up to ``pad`` pixels, its border repeated."""
    padded = jnp.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="edge")
    corners = jax.random.randint(key, (len(images), 2), 0, 2 * pad + 1)

    def cut(image: jax.Array, corner: jax.Array) -> jax.Array:
        return jax.lax.dynamic_slice(image, (corner[0], corner[1], 0), images.shape[1:])

    return jax.vmap(cut)(padded, corners)


def views(batch: Batch, key: jax.Array) -> Views:
    """Both observations, cropped apart."""
    now: dict[str, Any] = {"state": batch.state}
    then: dict[str, Any] = {"state": batch.next_state}
    for i, (camera, pair) in enumerate(sorted(batch.images.items())):
        keys = jax.random.split(jax.random.fold_in(key, i))
        now[camera] = random_crop(pair[:, 0], keys[0], PAD)
        then[camera] = random_crop(pair[:, 1], keys[1], PAD)
    return Views(now, then, batch)


class UpdateRule:
    """The losses and the step; the sizes are constants here."""

    def __init__(self, cameras: tuple[str, ...], critics: int, action_size: int) -> None:
        self.module = HilSerl(cameras, critics, action_size)
        self.critics, self.target_entropy = critics, -action_size / 2
        self.adam = optax.adam(LEARNING_RATE)
        self.step = jax.jit(self._step, static_argnames="networks")
        self.act = jax.jit(self._act)

    def initial(self, batch: Batch, seed: int) -> State:
        """The state before the first update."""
        keys = jax.random.split(jax.random.PRNGKey(seed))
        one = jax.tree.map(lambda x: x[:1], jax.jit(views)(batch, keys[0]).now)
        params = jax.jit(self.module.init)(keys[1], one, batch.action[:1])["params"]
        return State(params, params, {name: self.adam.init(params) for name in LOSSES}, keys[0])

    def _apply(self, params: Any, method: str, *inputs: Any, dropout: jax.Array | None = None) -> Any:
        rngs = None if dropout is None else {"dropout": dropout}
        return self.module.apply({"params": params}, *inputs, method=method, rngs=rngs)

    def _sample(self, params: Any, seen: Any, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        # Actions [B, A] of the tanh Gaussian and their log-probability [B].
        mean, std = self._apply(params, "policy", seen, dropout=key)
        noise = jax.random.normal(key, mean.shape)
        raw = mean + std * noise
        log_normal = -0.5 * noise**2 - jnp.log(std) - 0.5 * jnp.log(2 * jnp.pi)
        log_slope = 2.0 * (jnp.log(2.0) - raw - jax.nn.softplus(-2.0 * raw))
        return jnp.tanh(raw), (log_normal - log_slope).sum(axis=-1)

    def critic_loss(self, params: Any, state: State, seen: Views, key: jax.Array) -> jax.Array:
        """Mean squared error to reward + discount * smallest target value."""
        action, _ = self._sample(state.params, seen.then, key)
        q_next = self._apply(state.target_params, "values", seen.then, action)
        if self.critics > SUBSET:
            q_next = q_next[jax.random.randint(key, (SUBSET,), 0, self.critics)]
        target = seen.batch.reward + DISCOUNT * seen.batch.mask * q_next.min(axis=0)
        q = self._apply(params, "values", seen.now, seen.batch.action)
        return ((q - jax.lax.stop_gradient(target)) ** 2).mean()

    def actor_loss(self, params: Any, state: State, seen: Views, key: jax.Array) -> jax.Array:
        """Minus the mean value of the policy's own actions, with the entropy bonus."""
        action, log_prob = self._sample(params, seen.now, key)
        q = self._apply(state.params, "values", seen.now, action).mean(axis=0)
        return (self._apply(state.params, "temperature") * log_prob - q).mean()

    def temperature_loss(self, params: Any, state: State, seen: Views, key: jax.Array) -> jax.Array:
        """Raises the temperature while the entropy is below its target."""
        _, log_prob = self._sample(state.params, seen.then, key)
        return self._apply(params, "temperature") * (-log_prob.mean() - self.target_entropy)

    def _step(self, state: State, batch: Batch, networks: frozenset[str]) -> State:
        key, crop_key, *loss_keys = jax.random.split(state.key, 2 + len(LOSSES))
        seen, params = views(batch, crop_key), state.params
        losses: dict[str, Callable[..., jax.Array]] = {
            "critic": self.critic_loss,
            "actor": self.actor_loss,
            "temperature": self.temperature_loss,
        }
        moved: Any = params
        optimisers = {}
        for name, loss_key in zip(LOSSES, loss_keys, strict=True):
            # A network that is not updated gets zero gradients, and its Adam moves it all the same.
            loss = losses[name] if name in networks else lambda p, *_: jnp.float32(0)
            grads = jax.grad(loss)(params, state, seen, loss_key)
            change, optimisers[name] = self.adam.update(grads, state.optimisers[name], params)
            moved = optax.apply_updates(moved, change)
        targets = optax.incremental_update(moved, state.target_params, TARGET_EMA)
        return State(moved, targets, optimisers, key)

    def _act(self, params: Any, seen: Any, key: jax.Array) -> jax.Array:
        mean, std = self._apply(params, "policy", seen, False)
        return jnp.tanh(mean + std * jax.random.normal(key, mean.shape))


def random_batch(case: Case, seed: int) -> Batch:
    """Noise of the right shapes."""
    rng = np.random.default_rng(seed)
    shape = (case.batch, 2, case.image_size, case.image_size, 3)
    images = {f"camera{i}": rng.integers(0, 256, shape, np.uint8) for i in range(case.cameras)}

    def normal(*size: int) -> np.ndarray:
        return rng.normal(size=(case.batch, *size)).astype(np.float32)

    action = np.tanh(normal(case.action_size))
    return Batch(
        normal(case.state_size),
        normal(case.state_size),
        images,
        action,
        normal(),
        np.ones(case.batch, np.float32),
    )


class Learner:
    """An agent and the batches it is updated on."""

    def __init__(self, case: Case) -> None:
        cameras = tuple(f"camera{i}" for i in range(case.cameras))
        self.rule = UpdateRule(cameras, case.critics, case.action_size)
        self.batches = [random_batch(case, seed) for seed in range(case.critic_updates)]
        self.state = self.rule.initial(self.batches[0], 0)
        first = jax.jit(views)(self.batches[0], jax.random.PRNGKey(0)).now
        self.seen = {name: np.asarray(value)[:1] for name, value in first.items()}

    def critic(self) -> None:
        """K critic updates."""
        self._update([CRITIC_ONLY] * len(self.batches))

    def full(self) -> None:
        """K critic updates, the last one together with actor and temperature."""
        self._update([*[CRITIC_ONLY] * (len(self.batches) - 1), EVERYTHING])

    def act(self) -> None:
        """One action from one observation."""
        np.asarray(self.rule.act(self.state.params, self.seen, self.state.key))

    def _update(self, networks: list[frozenset[str]]) -> None:
        for batch, names in zip(self.batches, networks, strict=True):
            self.state = self.rule.step(self.state, batch, names)
        jax.block_until_ready(self.state)


def contestant(case: Case) -> Contestant:
    """HIL-SERL's learner, compiled."""
    learner = Learner(case)
    operations = {"critic": learner.critic, "full": learner.full, "act": learner.act}
    for name in ("full", "act"):  # compile; a full update has both programs in it
        operations[name]()
    leaves = cast(list[jax.Array], jax.tree.leaves(learner.state.params))
    about = {
        "versions": {"jax": jax.__version__, "flax": flax.__version__},
        "parameters": sum(leaf.size for leaf in leaves),
        "weights_bytes": sum(leaf.nbytes for leaf in leaves),  # the whole tree is what it sends
    }
    return Contestant(about, operations)
