"""Which GL library MuJoCo draws with, and what to do when there is none."""

from __future__ import annotations

import importlib
import os
import sys

from robot.core.errors import RenderingUnavailable

_HELP = (
    "the twin cannot draw its cameras: {error}. Got MUJOCO_GL={backend!r}; wanted a working EGL. "
    "Next: unset MUJOCO_GL, `sudo apt-get install libegl1 libgl1 libgles2 libegl-mesa0`, or run the task's "
    "`_state` variant with MUJOCO_GL=disable"
)


def import_mujoco() -> None:
    """Import MuJoCo: that is when it picks its GL library, and without a display only EGL can draw.

    Raises:
        RenderingUnavailable: the library that MUJOCO_GL asks for is not there.
    """
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault("MUJOCO_GL", "egl")
    try:
        importlib.import_module("mujoco")
    except ModuleNotFoundError:
        raise  # MuJoCo itself is missing
    except Exception as error:
        raise cannot_draw(error) from error


def cannot_draw(error: Exception) -> RenderingUnavailable:
    """The error with its next step; PyOpenGL raises a different class for every missing library."""
    reason = str(error).rstrip(".") or type(error).__name__
    return RenderingUnavailable(_HELP.format(error=reason, backend=os.environ.get("MUJOCO_GL", "")))
