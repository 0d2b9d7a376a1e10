"""Chooses the GL library before any test imports MuJoCo."""

import sim  # noqa: F401
