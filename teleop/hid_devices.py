"""Which HID device is the SpaceMouse, and what to do when there is none or it cannot be opened."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from robot.core.errors import DeviceError, UnknownName

UDEV_RULE = 'KERNEL=="hidraw*", KERNELS=="*:256F:*", TAG+="uaccess"'
UDEV_INSTALL = (
    "sudo cp launch/udev/70-nudge-spacemouse.rules /etc/udev/rules.d/ && "
    "sudo udevadm control --reload-rules && sudo udevadm trigger"
)
_MULTI_AXIS = (1, 8)  # usage page and usage of a multi-axis controller, HID usage tables 4.1
_UNKNOWN_USAGE = (0, 0)  # what an older hidapi reports for all


class HidDevice(Protocol):
    """One HID interface, as easyhid lists it."""

    path: str  # /dev/hidrawN
    vendor_id: int
    product_id: int
    serial_number: str | None
    usage_page: int
    usage: int

    def open(self) -> None:
        """Raises easyhid.HIDException."""
        ...

    def read(self, size: int, timeout: int) -> bytes | bytearray:
        """The next report, empty after ``timeout`` ms; raises easyhid.HIDException when unplugged."""
        ...

    def close(self) -> None:
        """Safe to call twice."""
        ...


HidDevices = Callable[[], Sequence[HidDevice]]


@dataclass(frozen=True)
class SpaceMouseFilter:
    """Which SpaceMouse; None is any."""

    model: str | None
    serial: str | None
    path: str | None


def connected_hid_devices() -> Sequence[HidDevice]:
    """Every HID interface of this machine; DeviceError without pyspacemouse or its C library."""
    try:
        from easyhid import Enumeration

        return Enumeration().device_list
    except ImportError as error:
        raise DeviceError(
            f"the SpaceMouse driver is not installed ({error}): pip install 'nudge[spacemouse]'"
        ) from error
    except (AttributeError, OSError) as error:  # easyhid finds out late that hidapi is missing
        raise DeviceError(
            f"libhidapi-hidraw cannot be loaded ({error}): sudo apt-get install libhidapi-hidraw0"
        ) from error


def find_space_mouse(
    want: SpaceMouseFilter, models: Mapping[str, Any], devices: Sequence[HidDevice]
) -> tuple[str, HidDevice]:
    """The wanted device's model and interface: the first that sends axes, for a device has several.

    Args:
        models: pyspacemouse's device table, name -> info with vendor_id and product_id.

    Raises:
        DeviceError: none fits; says what was looked for and what was there.
        UnknownName: no such model.
    """
    if want.model is not None and want.model not in models:
        raise UnknownName("SpaceMouse model", want.model, models)
    known = [(name, d) for d in devices for name, info in models.items() if _is(d, info)]
    fits = [(name, d) for name, d in known if _fits(want, name, d)]
    if not fits:
        raise DeviceError(_none_fits(want, known))
    # A receiver shows a keyboard and a mouse under the same ids: those would read as zeros for ever.
    return min(fits, key=lambda pair: _usage_rank(pair[1]))


def open_hid(device: HidDevice, model: str) -> None:
    """Open the interface; DeviceError names the node, who may open it, and the udev rule."""
    from easyhid import HIDException

    try:
        device.open()
    except HIDException as error:
        path = Path(device.path)
        if os.access(path, os.R_OK | os.W_OK):
            raise DeviceError(f"{model} at {path} cannot be opened ({error}): plug it in again") from error
        raise DeviceError(f"{model}: no permission to open {_who_may(path)}. {udev_help()}") from error


def udev_help() -> str:
    """How to let the operator open the device."""
    return f"Install the udev rule\n  {UDEV_RULE}\nwith\n  {UDEV_INSTALL}\nand plug the device in again"


def _is(device: HidDevice, info: Any) -> bool:
    return (device.vendor_id, device.product_id) == (info.vendor_id, info.product_id)


def _fits(want: SpaceMouseFilter, model: str, device: HidDevice) -> bool:
    path = want.path is None or os.path.realpath(want.path) == os.path.realpath(device.path)
    return path and want.model in (None, model) and want.serial in (None, device.serial_number)


def _usage_rank(device: HidDevice) -> int:
    usage = (device.usage_page, device.usage)
    return (_MULTI_AXIS, _UNKNOWN_USAGE).index(usage) if usage in (_MULTI_AXIS, _UNKNOWN_USAGE) else 2


def _none_fits(want: SpaceMouseFilter, known: Sequence[tuple[str, HidDevice]]) -> str:
    wanted = ", ".join(f"{k} {v}" for k, v in vars(want).items() if v is not None) or "any model"
    there = ", ".join(f"{name} (serial {d.serial_number or '-'}, {d.path})" for name, d in known)
    advice = "correct the rig's teleop options" if known else f"plug it in; `lsusb` shows 256f. {udev_help()}"
    return f"no SpaceMouse: wanted {wanted}, found {there or 'none'}; {advice}"


def _who_may(path: Path) -> str:
    try:
        info = path.stat()
    except OSError as error:
        return f"{path} ({error.strerror})"
    return f"{path} (owner {_user(info.st_uid)}:{_group(info.st_gid)}, mode {stat.S_IMODE(info.st_mode):04o})"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container may not name it
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
