"""Whether a Franka control unit can be reached and its Franka Control Interface (FCI) is on."""

from __future__ import annotations

import socket

from robot.doctor.finding import Finding, ok, problem

FCI_DRIVERS = ("franka", "pylibfranka", "frankx")
FCI_PORT = 1337


def look_at_fci(check: str, host: str, port: int = FCI_PORT, timeout_s: float = 2.0) -> Finding:
    """Opens and closes one TCP connection, which moves nothing and takes no control."""
    at = f"{host}:{port}"
    try:
        socket.create_connection((host, port), timeout_s).close()
    except ConnectionRefusedError:
        return problem(
            check, f"{host} answers, but refuses port {port}: the FCI is not enabled", _enable(host)
        )
    except socket.gaierror as error:
        return problem(check, f"no address for the name {host!r}: {error}", "write the IP address as `host`")
    except OSError as error:  # time-out, no route
        reason = "no answer" if isinstance(error, TimeoutError) else str(error)
        return problem(
            check, f"{at}: {reason} within {timeout_s:g} s: wrong IP address or cable", _cable(host)
        )
    return ok(check, f"{at} answers")


def _enable(host: str) -> str:
    return (
        f"open Desk (https://{host}), release the user stop, unlock the joints (FR3: switch to "
        "Execution mode), then choose Activate FCI in the menu"
    )


def _cable(host: str) -> str:
    return (
        f"compare `host` in the rig file with Desk > Settings > Network; plug the cable into "
        "the control unit (not the arm's base); this computer needs an address in the same subnet "
        f"(`ip addr`), and `ping {host}` must answer"
    )
