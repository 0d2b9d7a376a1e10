"""`python serve_franka_sim.py OPTIONS` serves one arm; options of FrankaSimServer as JSON.

Runs in franka-sim's own environment, so it imports nothing of Nudge.
"""

import ctypes
import json
import logging
import signal
import socket
import sys
from typing import Any

import numpy as np
from franka_sim import FrankaSimServer  # pyright: ignore[reportAttributeAccessIssue]  # the package's
from franka_sim.mujoco_franka_sim import MujocoFrankaSim  # pyright: ignore[reportMissingImports]

_options: dict[str, Any] = json.loads(sys.argv[1])


class _OwnAddressSocket(socket.socket):
    """States leave from the address the server listens on, as a control unit's do, not from 127.0.0.1."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.type == socket.SOCK_DGRAM:
            self.bind((_options["host"], 0))


class _FlangeSim(MujocoFrankaSim):
    """Measures at the flange, 107 mm beyond joint 7, as the real arm and the model it serves do.

    franka-sim 1.1.7 measures at joint 7's own frame, which makes every Cartesian controller drift.
    """

    def update_ee_transform(self, f_t_ee: list[float]) -> None:
        super().update_ee_transform(f_t_ee)
        T_link7_flange = np.eye(4)
        T_link7_flange[2, 3] = 0.107
        self._f_t_ee = T_link7_flange @ self._f_t_ee


_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>: a test run that was killed leaves no server behind
ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
socket.socket = _OwnAddressSocket  # pyright: ignore[reportAttributeAccessIssue]
logging.basicConfig(level=logging.INFO)
FrankaSimServer(physics_sim=_FlangeSim(enable_vis=False, enable_hand=False), **_options).start()
