"""The learned correction: an off-policy actor-critic in jax and flax."""
