"""Rewards: keypoint plans from a vision-language model, shaping, and a success classifier."""
