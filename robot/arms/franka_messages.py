"""What franka-rs reports, as sentences with a next step."""

from __future__ import annotations


def why_not(arm: str, host: str, error: Exception) -> str:
    """Why connecting failed; the vendor's `kind` of error decides on the advice."""
    kind = "busy" if isinstance(error, TimeoutError) else getattr(error, "kind", "")
    advice = _ADVICE.get(kind, "see the arm's messages in Desk (https://{host})").format(host=host)
    return f"arm {arm!r}: cannot connect to {host}: {error}; {advice}"


def gone(arm: str, host: str, why: Exception | str) -> str:
    """The connection was there and is not."""
    return (
        f"arm {arm!r}: {host} stopped answering ({why}); is the robot on, the cable in, `ping {host}` "
        "answered? The arm brakes by itself; clear the stop to connect again"
    )


def names(error: Exception) -> str:
    """The reflexes of a motion that was ended, by the vendor's names."""
    flags = getattr(error, "errors", None)
    return f"reflex {', '.join(flags)}" if flags else str(error)


_ADVICE = {
    "realtime": (
        "boot a kernel with PREEMPT_RT (Ubuntu Pro: `sudo pro enable realtime-kernel`), give your user "
        "rtprio 99 in /etc/security/limits.d, log in anew; `realtime: ignore` is for a simulator only"
    ),
    "busy": "another program holds the arm: stop it (`ss -tnp | grep 1337` finds it), then try again",
    "incompatible_version": (
        "the control unit's system version does not fit this franka-rs: update it in Desk > Settings > "
        "System (FR3: 5.2 or newer, Panda: 4.2), or use the driver 'pylibfranka'"
    ),
    "network": "wait until the base's light is steady and FCI is active in Desk (https://{host}), try again",
}
