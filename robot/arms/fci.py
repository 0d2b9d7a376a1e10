"""Whether a Franka control unit answers on its Franka Control Interface (FCI), and what to do when not."""

from __future__ import annotations

import socket

from robot.core.errors import DeviceError

FCI_PORT = 1337
_ANSWER_S = 2.0  # a control unit on the same switch takes under 1 ms


def check_fci(arm: str, host: str) -> None:
    """Opens and closes one TCP connection, which moves nothing and takes no control.

    Raises:
        DeviceError: no such name, no answer, or FCI not enabled; each with its own next step.
    """
    try:
        socket.create_connection((host, FCI_PORT), _ANSWER_S).close()
    except ConnectionRefusedError as error:
        raise DeviceError(
            f"arm {arm!r}: {host} answers, but refuses port {FCI_PORT}: FCI is not enabled; open Desk "
            f"(https://{host}), unlock the joints and choose Activate FCI in the menu"
        ) from error
    except socket.gaierror as error:
        raise DeviceError(
            f"arm {arm!r}: no address for the name {host!r}: {error}; write the control unit's IP address "
            "as `host` in the rig file"
        ) from error
    except OSError as error:  # time-out, no route
        raise DeviceError(
            f"arm {arm!r}: no answer from {host}:{FCI_PORT} within {_ANSWER_S:g} s ({error}); is the robot "
            f"on, the cable in the control unit (not in the arm's base), and {host} its address in Desk > "
            f"Settings > Network? `ping {host}` must answer before Nudge can connect"
        ) from error
