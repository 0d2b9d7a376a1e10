"""The rate-limited distribution against integrals, histograms and its own edges."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from policies.residual.rate_limited import Reach, bounded, log_prob, mode, reach, sample

# previous, delta, mean, log_std: free on both sides, cut by +1, cut by -1, on the limit itself, unlimited
CASES = [
    (0.1, 0.2, 0.3, -0.5),
    (0.95, 0.2, -0.4, 0.0),
    (-0.9, 0.3, 0.8, -1.0),
    (1.0, 0.1, 0.0, 0.5),
    (0.0, 2.0, 0.5, -0.7),
]


def one(previous: float, delta: float, mean: float, log_std: float) -> tuple[Reach, jax.Array, jax.Array]:
    return reach(jnp.array([previous]), delta), jnp.array([mean]), jnp.array([log_std])


def edges_of(within: Reach, bins: int) -> np.ndarray:
    """Edges [bins + 1], dense near the ends, where a wide Gaussian heaps up."""
    low, high = float(within.low[0]), float(within.high[0])
    return low + (high - low) * (1 - np.cos(np.linspace(0, np.pi, bins + 1))) / 2


def test_the_interval_is_cut_at_one() -> None:
    within = reach(jnp.array([0.0, 0.9, -1.0, 1.5]), jnp.array([0.2, 0.2, 0.5, 0.1]))
    np.testing.assert_allclose(within.low, [-0.2, 0.7, -1.0, 0.9], atol=1e-6)
    np.testing.assert_allclose(within.high, [0.2, 1.0, -0.5, 1.0], atol=1e-6)


def test_reach_comes_before_the_residuals_bound() -> None:
    base = jnp.array([0.1, 0.5, 1.0, -0.45])  # inside, cut above, out of reach, hardly in reach
    within = bounded(reach(jnp.zeros(4), 0.2), base, 0.3, least=0.05)
    np.testing.assert_allclose(within.low, [-0.2, 0.15, 0.15, -0.2], atol=1e-6)
    np.testing.assert_allclose(within.high, [0.2, 0.2, 0.2, -0.15], atol=1e-6)


@pytest.mark.parametrize("std", [0.1, 1.0, 30.0])
def test_samples_and_modes_stay_inside(std: float) -> None:
    keys = jax.random.split(jax.random.PRNGKey(0), 3)
    previous = jax.random.uniform(keys[0], (5000, 3), minval=-1.0, maxval=1.0)
    mean, log_std = 5.0 * jax.random.normal(keys[1], (5000, 3)), jnp.full((5000, 3), jnp.log(std))
    within = reach(previous, jnp.array([0.05, 0.2, 1.0]))
    action, log_density = sample(jax.random.normal(keys[2], mean.shape), mean, log_std, within)
    for value in (np.asarray(action), np.asarray(mode(mean, within))):
        assert (np.abs(value) <= 1.0).all()
        assert (value >= np.asarray(within.low)).all()
        assert (value <= np.asarray(within.high)).all()
        assert (np.abs(value - previous) <= np.array([0.05, 0.2, 1.0]) + 1e-6).all()
    assert np.isfinite(log_density).all()
    assert log_density.shape == (5000, 3)


@pytest.mark.parametrize("case", CASES)
def test_the_density_integrates_to_one(case: tuple[float, float, float, float]) -> None:
    within, mean, log_std = one(*case)
    edges = edges_of(within, 20_000)
    middles = (edges[1:] + edges[:-1]) / 2
    density = np.exp(log_prob(middles[:, None], mean, log_std, within), dtype=np.float64)
    assert (density * np.diff(edges)).sum() == pytest.approx(1.0, abs=2e-3)


def test_the_density_integrates_to_one_in_two_dimensions() -> None:
    within = reach(jnp.array([0.95, -0.2]), jnp.array([0.2, 0.4]))  # cut in the first, free in the second
    mean, log_std = jnp.array([0.6, -0.3]), jnp.array([-0.5, -0.2])
    axes = [edges_of(Reach(within.low[i : i + 1], within.high[i : i + 1]), 600) for i in range(2)]
    middles = np.stack(np.meshgrid(*[(e[1:] + e[:-1]) / 2 for e in axes], indexing="ij"), axis=-1)
    density = np.exp(log_prob(middles, mean, log_std, within), dtype=np.float64)
    area = np.multiply.outer(np.diff(axes[0]), np.diff(axes[1]))
    assert density.shape == (600, 600)
    assert (density * area).sum() == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("case", CASES)
def test_the_log_probability_is_that_of_a_histogram(case: tuple[float, float, float, float]) -> None:
    within, mean, log_std = one(*case)
    count, edges = 200_000, edges_of(within, 20)
    shape = (count, 1)
    actions, _ = sample(
        jax.random.normal(jax.random.PRNGKey(1), shape),
        jnp.broadcast_to(mean, shape),
        jnp.broadcast_to(log_std, shape),
        within,
    )
    seen, _ = np.histogram(actions, edges)
    fine = edges[0] + (edges[-1] - edges[0]) * (1 - np.cos(np.linspace(0, np.pi, 20 * 200 + 1))) / 2
    middles = (fine[1:] + fine[:-1]) / 2
    density = np.exp(log_prob(middles[:, None], mean, log_std, within), dtype=np.float64)
    wanted = (density * np.diff(fine)).reshape(20, 200).sum(axis=1)
    error = np.abs(seen / count - wanted)
    assert (error < 5 * np.sqrt(wanted / count) + 1e-4).all()  # five standard deviations of a count


def test_a_sample_comes_with_the_log_probability_of_its_action() -> None:
    within, mean, log_std = one(0.9, 0.3, 0.2, -0.3)
    mean, log_std = jnp.broadcast_to(mean, (1000, 1)), jnp.broadcast_to(log_std, (1000, 1))
    noise = jax.random.normal(jax.random.PRNGKey(2), (1000, 1))
    action, log_density = sample(noise, mean, log_std, within)
    np.testing.assert_allclose(log_density[:, 0], log_prob(action, mean, log_std, within), atol=1e-2)


def test_what_is_out_of_reach_has_no_probability() -> None:
    within, mean, log_std = one(0.0, 0.2, 0.0, 0.0)
    for outside in (-0.21, 0.21, 1.0):
        assert log_prob(jnp.array([outside]), mean, log_std, within) == -jnp.inf
    slope = jax.grad(lambda m: log_prob(jnp.array([0.21]), m, log_std, within))(mean)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_finite_at_the_edges(case: tuple[float, float, float, float]) -> None:
    within, mean, log_std = one(*case)
    every = jax.value_and_grad(log_prob, argnums=(0, 1, 2))
    for edge in (within.low, within.high, jnp.nextafter(within.high, within.centre)):
        value, slopes = every(edge, mean, log_std, within)
        assert np.isfinite(value)
        assert all(np.isfinite(s).all() for s in slopes)


@pytest.mark.parametrize("mean", [-200.0, -8.0, 0.0, 8.0, 200.0])
def test_a_saturated_actor_still_learns_from_its_samples(mean: float) -> None:
    within = reach(jnp.array([0.97]), 0.1)

    def entropy_term(m: jax.Array, s: jax.Array) -> jax.Array:
        action, log_density = sample(jax.random.normal(jax.random.PRNGKey(3), m.shape), m, s, within)
        return action.sum() + log_density.sum()

    value, slopes = jax.value_and_grad(entropy_term, argnums=(0, 1))(jnp.array([mean]), jnp.array([0.0]))
    assert np.isfinite(value)
    assert all(np.isfinite(s).all() for s in slopes)
    assert np.abs(slopes[0]).max() > 0  # the entropy pulls it back
