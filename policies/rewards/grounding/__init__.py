"""Grounding that code can check: labelled rows, reward functions for GRPO, a test of served models."""
