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

from franka_sim import FrankaSimServer  # pyright: ignore[reportMissingImports]

_options: dict[str, Any] = json.loads(sys.argv[1])


class _OwnAddressSocket(socket.socket):
    """States leave from the address the server listens on, as a control unit's do, not from 127.0.0.1."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.type == socket.SOCK_DGRAM:
            self.bind((_options["host"], 0))


_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>: a test run that was killed leaves no server behind
ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
socket.socket = _OwnAddressSocket  # pyright: ignore[reportAttributeAccessIssue]
logging.basicConfig(level=logging.INFO)
FrankaSimServer(**_options).start()
