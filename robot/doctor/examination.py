"""The whole look at one rig, or at the machine alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from robot.arms import ARMS
from robot.core.errors import ConfigError, NudgeError
from robot.core.registry import load
from robot.doctor.devices import look_at_arm, look_at_camera, look_at_hand
from robot.doctor.fci import FCI_DRIVERS, look_at_fci
from robot.doctor.finding import Finding, ok, problem
from robot.doctor.machine import look_at_disk, look_at_realtime
from robot.doctor.packages import look_at_packages
from robot.doctor.ros_domain import look_at_ros
from robot.drivers import make_arm, make_camera, options_for
from robot.rig import ArmRig, RigConfig
from robot.rig_file import rig_names
from robot.ros.environment import ros_is_sourced
from robot.session.rigs import is_twin, load_rig, make_teleop


def examine(name: str | None, runs: Path = Path("runs")) -> Iterator[Finding]:
    """Everything that can be looked at without moving; each finding comes when it is known.

    Args:
        name: of a rig, or a path; None looks at the machine alone.
        runs: where sessions are recorded.
    """
    rig: RigConfig | None = None
    if name is not None:
        try:
            found = load_rig(name)
            is_twin(found)  # ConfigError if it is so in part
            rig = found
            yield ok("rig", f"{rig.name}: {', '.join(rig.arms)}; cameras {', '.join(rig.cameras) or 'none'}")
        except ConfigError as error:
            yield from (problem("rig", p, "correct the rig file") for p in error.problems)
    yield from look_at_packages(rig, ros_is_sourced())
    yield from look_at_ros(rig, _other_domains(rig))
    yield from look_at_disk(runs)
    if rig is not None:
        yield from _look_at_devices(rig)


def _look_at_devices(rig: RigConfig) -> Iterator[Finding]:
    drivers = {a.driver for a in rig.arms.values()}
    if drivers & {*FCI_DRIVERS}:
        yield from look_at_realtime()
    lockstep = is_twin(rig)
    if lockstep:
        yield _graphics()
    for name, arm in rig.arms.items():
        yield from _look_at_arm(f"arm/{name}", name, arm, lockstep)
    for name, camera in rig.cameras.items():
        yield from look_at_camera(f"camera/{name}", make_camera(name, camera), camera)
    for hand in rig.teleop:
        yield from look_at_hand(f"teleop/{hand.device}/{hand.arm}", make_teleop(hand))


def _look_at_arm(check: str, name: str, arm: ArmRig, lockstep: bool) -> Iterator[Finding]:
    if arm.driver in FCI_DRIVERS:
        options: Any = options_for(ARMS, arm.driver, arm.options)
        reached = look_at_fci(f"{check}/network", name, options.host)
        yield reached
        if reached.verdict == "problem":
            return  # the driver would only wait for the same
    yield from look_at_arm(check, make_arm(name, arm), arm, lockstep)


def _graphics() -> Finding:
    try:
        load("sim.gl:import_mujoco")()
    except NudgeError as error:
        return problem("graphics", str(error))
    except ModuleNotFoundError as error:
        return problem("graphics", str(error), "run `pip install 'nudge[sim]'`")
    return ok("graphics", "MuJoCo and its GL library load")


def _other_domains(rig: RigConfig | None) -> Mapping[str, int | None]:
    if rig is None:
        return {}
    return {n: _domain_of(n) for n in rig_names() if n != rig.name}


def _domain_of(name: str) -> int | None:
    try:
        return load_rig(name).domain_id
    except ConfigError:  # of somebody else's cell: not what is examined
        return None
