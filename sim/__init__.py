"""The MuJoCo twin: drivers for arms and cameras that nothing above them can tell from real ones."""

from sim.gl import import_mujoco

import_mujoco()  # before any module of this package does, whichever comes first
