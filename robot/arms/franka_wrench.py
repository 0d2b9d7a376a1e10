"""The external wrench as Franka's controllers estimate it, in Nudge's convention."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from robot.core.types import Array


def wrench_on_tool(K_F_ext_hat_K: ArrayLike, EE_T_K: ArrayLike) -> Array:
    """The wrench [6] N, Nm acting on the tool, in the tool frame, about its origin.

    The vendor estimates what the arm exerts on its surroundings: pull the tool along its z and the
    z-force becomes negative (libfranka issue 26, franka_ros issue 254). Hence the sign.

    Args:
        K_F_ext_hat_K: [6] N, Nm at the stiffness frame K and in it, as in the robot state.
        EE_T_K: [4, 4] pose of K in the tool (end effector) frame.
    """
    wrench, T = np.asarray(K_F_ext_hat_K, dtype=np.float64), np.asarray(EE_T_K, dtype=np.float64)
    force, torque = T[:3, :3] @ wrench[:3], T[:3, :3] @ wrench[3:]
    return -np.concatenate([force, torque + np.cross(T[:3, 3], force)]).astype(np.float32)
