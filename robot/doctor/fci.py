"""Whether a Franka control unit can be reached and its Franka Control Interface (FCI) is on."""

from __future__ import annotations

from robot.arms.fci import FCI_PORT, check_fci
from robot.core.errors import DeviceError
from robot.doctor.finding import Finding, ok, problem

FCI_DRIVERS = ("franka", "pylibfranka", "frankx")


def look_at_fci(check: str, arm: str, host: str) -> Finding:
    """Opens and closes one TCP connection, which moves nothing and takes no control."""
    try:
        check_fci(arm, host)
    except DeviceError as error:
        return problem(check, str(error))
    return ok(check, f"{host}:{FCI_PORT} answers")
