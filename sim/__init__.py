"""The MuJoCo twin: drivers for arms and cameras that nothing above them can tell from real ones."""

import os
import sys

# MuJoCo picks its GL library when it is first imported, by whichever module of this package comes first;
# without a display only EGL can draw.
if sys.platform == "linux" and not os.environ.get("DISPLAY"):
    os.environ.setdefault("MUJOCO_GL", "egl")
