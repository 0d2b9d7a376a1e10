"""Whether a gripper holds something, by what its fingers touch."""

from __future__ import annotations

import mujoco


def holds(model: mujoco.MjModel, data: mujoco.MjData, prefix: str = "") -> bool:
    """Whether both fingers, of the arm whose parts' names have ``prefix``, touch the same other body."""
    fingers = [model.body(f"{prefix}{side}_finger").id for side in ("left", "right")]
    pairs = model.geom_bodyid[data.contact.geom]  # [contacts, 2]
    touched = [set(pairs[(pairs == finger).any(1)].ravel()) - set(fingers) for finger in fingers]
    return bool(touched[0] & touched[1])
