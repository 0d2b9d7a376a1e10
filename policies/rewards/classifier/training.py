"""Training with early stopping: the model kept is the last one that made the tuning loss clearly less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from policies.rewards.classifier.calibration import cross_entropy
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.frames import BatchDraw, Frames
from policies.rewards.classifier.head import Head, HeadSize, Model, head_size, initial, logits, standardised

_LEAST_GAIN = 1e-3  # nats: less is no reason to go on
Report = Callable[[int, float], None]  # updates made, tuning loss


@dataclass(frozen=True)
class Trained:
    """The model kept, and how it came about."""

    model: Model
    updates: int  # of the model kept
    updates_made: int
    tune_loss: float  # nats a frame, of the model kept


def train(train_on: Frames, tune_on: Frames, config: ClassifierConfig, report: Report) -> Trained:
    """Minimise cross entropy on balanced batches until the tuning loss has not fallen for ``patience`` looks.

    ``report`` hears of every look.
    """
    step = _Step(config)
    model = initial(train_on, head_size(config), config.seed)
    draw = BatchDraw(train_on, config.batch_size, config.positive_share, config.seed)
    state, key, made = step.optimiser.init(model.params), jax.random.key(config.seed, impl="rbg"), 0
    best = Trained(model, 0, 0, balanced_loss(model, tune_on, config))
    while made < config.max_updates and made - best.updates < config.patience * config.check_every:
        for _ in range(min(config.check_every, config.max_updates - made)):
            params, state = step(model, state, draw.draw(), jax.random.fold_in(key, made))
            model, made = model._replace(params=params), made + 1
        loss = balanced_loss(model, tune_on, config)
        if loss < best.tune_loss - _LEAST_GAIN:
            best = Trained(model, made, made, loss)
        report(made, loss)
    return Trained(best.model, best.updates, made, best.tune_loss)


def balanced_loss(model: Model, frames: Frames, config: ClassifierConfig) -> float:
    """Cross entropy as a batch has it: the share of successes, and the weights of the failures."""
    logit = logits(model, head_size(config), frames.features, frames.state)
    good, share = frames.positive, config.positive_share
    bad_losses, weight = np.logaddexp(0.0, logit[~good]), frames.weight[~good]
    return share * cross_entropy(logit[good], np.ones(good.sum())) + (1 - share) * float(
        (bad_losses * weight).sum() / weight.sum()
    )


class _Step:
    """One update, compiled once."""

    def __init__(self, config: ClassifierConfig) -> None:
        self.optimiser = optax.adamw(config.learning_rate, weight_decay=config.weight_decay)
        self._update = jax.jit(partial(_update, self.optimiser, config))

    def __call__(self, model: Model, state: Any, batch: Frames, key: jax.Array) -> tuple[Any, Any]:
        return self._update(model, state, batch.features, batch.state, batch.positive, key)


def _update(
    optimiser: optax.GradientTransformation,
    config: ClassifierConfig,
    model: Model,
    state: Any,
    features: dict[str, jax.Array],
    vectors: jax.Array,
    positive: jax.Array,
    key: jax.Array,
) -> tuple[Any, Any]:
    size: HeadSize = head_size(config)
    noise_key, dropout_key = jax.random.split(key)
    maps, vectors = standardised(model.statistics, features, vectors)
    maps = _augmented(maps, config, noise_key)

    def loss(params: Any) -> jax.Array:
        logit = Head(size).apply({"params": params}, maps, vectors, True, rngs={"dropout": dropout_key})
        return optax.sigmoid_binary_cross_entropy(logit, positive.astype(jnp.float32)).mean()  # type: ignore[union-attr]

    updates, state = optimiser.update(jax.grad(loss)(model.params), state, model.params)
    return optax.apply_updates(model.params, updates), state


def _augmented(maps: dict[str, jax.Array], config: ClassifierConfig, key: jax.Array) -> dict[str, jax.Array]:
    """Noise on every value and some channels missing: few successes, so none may be learned by heart."""
    out = {}
    for i, (camera, m) in enumerate(sorted(maps.items())):
        a, b = jax.random.split(jax.random.fold_in(key, i))
        keep = jax.random.bernoulli(b, 1 - config.channel_dropout, (len(m), 1, 1, m.shape[-1]))
        out[camera] = (m + config.feature_noise * jax.random.normal(a, m.shape)) * keep
    return out
