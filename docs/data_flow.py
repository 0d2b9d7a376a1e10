"""Draws docs/data_flow.png: python docs/data_flow.py."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

BOXES = {  # middle x, middle y, title, what it is
    "cell": (1.0, 2.0, "cell", "safety layer, arms,\ncameras; or the twin"),
    "actor": (4.2, 3.4, "actor", "policy (jax), also on\na frozen base (torch)"),
    "teleop": (4.2, 0.6, "teleop", "SpaceMouse, or the\nsimulated operator"),
    "arbiter": (7.4, 2.0, "arbiter", "policy or person,\nbumpless"),
    "recorder": (7.4, 4.3, "recorder", "zarr v3 on disk,\nevery step first"),
    "learner": (10.6, 3.4, "learner", "tails the store,\noff-policy RL"),
}
WIDTH, HEIGHT = 1.9, 0.95
BLUE, GREY = "#2f6690", "#555555"
ARROWS = [  # from, to, label, label x, label y
    ((1.5, 2.5), (3.25, 3.3), "state, images,\nreward", 1.65, 3.25),
    ((5.15, 3.2), (6.75, 2.5), "proposed", 6.45, 2.78),
    ((5.15, 0.8), (6.75, 1.5), "nudge", 6.3, 0.9),
    ((6.45, 2.0), (1.95, 2.0), "command, executed in the next control step", 4.2, 2.12),
    ((5.15, 3.65), (6.45, 4.25), "steps", 5.6, 4.2),
    ((8.35, 4.2), (9.65, 3.7), "episodes", 9.3, 4.2),
    ((9.65, 3.15), (5.15, 3.4), "weights: version, fingerprint, sha256", 7.3, 3.36),
]


def main() -> None:
    """Write the picture."""
    figure, axes = plt.subplots(figsize=(11, 4.6), dpi=110)
    for x, y, title, text in BOXES.values():
        corner = (x - WIDTH / 2, y - HEIGHT / 2)
        box = FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle="round,pad=0.04", fc="#eef4f9", ec=BLUE, lw=1.4)
        axes.add_patch(box)
        axes.text(x, y + 0.27, title, ha="center", va="center", weight="bold", color=BLUE, size=12)
        axes.text(x, y - 0.14, text, ha="center", va="center", color="#333333", size=9.5)
    for start, end, label, x, y in ARROWS:
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 1.3})
        axes.text(x, y, label, ha="center", va="bottom", color=GREY, size=9.5)
    axes.set(xlim=(-0.1, 11.7), ylim=(0, 4.95))
    axes.axis("off")
    figure.savefig(Path(__file__).with_name("data_flow.png"), bbox_inches="tight", facecolor="white")


if __name__ == "__main__":
    main()
