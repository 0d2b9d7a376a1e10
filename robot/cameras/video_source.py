"""Where an OpenCV camera gets its pictures: a V4L2 device, a stream's URL or a video file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import quote, urlsplit

from robot.core.errors import DeviceError

_DEVICE = re.compile(r"(?:/dev/video)?(\d+)")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Kind(Enum):
    """What a source is."""

    DEVICE = "device"
    URL = "url"
    FILE = "file"


@dataclass(frozen=True)
class VideoSource:
    """A source as the rig names it. ``text`` holds no secret and may be shown; `expand`'s may not."""

    text: str

    @property
    def kind(self) -> Kind:
        """Device, URL or file, by its looks."""
        if _DEVICE.fullmatch(self.text):
            return Kind.DEVICE
        return Kind.URL if "://" in self.text else Kind.FILE

    @property
    def device_path(self) -> str:
        """``/dev/videoN``."""
        return re.sub(_DEVICE, r"/dev/video\1", self.text)

    def problem(self) -> str:
        """Empty, or why the rig may not name this source: it holds a user or password, not repeated here."""
        user, at, _ = urlsplit(self.text).netloc.rpartition("@") if self.kind is Kind.URL else ("", "", "")
        if not at or _VARIABLE.sub("", user) in ("", ":"):
            return ""
        return (
            "source: got a URL with a user or password in it, want them from the environment; "
            "write rtsp://${CAMERA_USER}:${CAMERA_PASSWORD}@host/path and export both"
        )

    def expand(self, camera: str) -> str:
        """The source with every ``${NAME}`` from the environment, before an @ percent-encoded.

        Raises:
            DeviceError: a variable is not set.
        """
        if self.kind is not Kind.URL:
            return self.text
        scheme, _, rest = self.text.partition("://")
        netloc, slash, path = rest.partition("/")
        user, at, host = netloc.rpartition("@")
        user = _VARIABLE.sub(lambda m: quote(_variable(camera, m[1]), safe=""), user)
        return f"{scheme}://{user}{at}" + _VARIABLE.sub(
            lambda m: _variable(camera, m[1]), f"{host}{slash}{path}"
        )

    def check(self, camera: str) -> None:
        """DeviceError with the fix if a device or file is missing or may not be read."""
        path = self.device_path if self.kind is Kind.DEVICE else self.text
        if self.kind is Kind.URL:
            return
        if not os.path.exists(path):
            there = ", ".join(sorted(str(p) for p in Path("/dev").glob("video*"))) or "no /dev/video*"
            raise DeviceError(
                f"camera {camera!r}: {path} is not there (found {there}); check the cable and the "
                "source in the rig"
            )
        if not os.access(path, os.R_OK | (os.W_OK if self.kind is Kind.DEVICE else 0)):
            fix = 'run `sudo usermod -aG video $USER` and log in again, or add a udev rule with MODE="0666"'
            fix = fix if self.kind is Kind.DEVICE else f"run `chmod +r {path}`"
            raise DeviceError(f"camera {camera!r}: no permission to open {path}; {fix}")


def _variable(camera: str, name: str) -> str:
    if (value := os.environ.get(name)) is None:
        raise DeviceError(
            f"camera {camera!r}: the source names ${{{name}}}, which is not set; run `export {name}=...`"
        )
    return value
