"""Python and the packages that a rig's drivers need, against the versions Nudge was tested with."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata

from robot.doctor.finding import Finding, ok, problem, warning
from robot.rig import RigConfig

_PYTHON = ((3, 11), (3, 13))
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^]]*\])?==([\w.+]+)\s*;\s*extra\s*==\s*['\"]([\w-]+)['\"]")
_EXTRA_OF = {
    "arm driver": {"franka": "franka", "pylibfranka": "pylibfranka", "twin": "sim"},
    "camera driver": {"realsense": "realsense", "opencv": "opencv", "twin": "sim"},
    "teleop device": {"spacemouse": "spacemouse", "gamepad": "gamepad"},
}


def look_at_packages(rig: RigConfig | None, ros_is_sourced: bool) -> Iterator[Finding]:
    """Python itself, and every extra that the rig's drivers need; of `ros` only without a sourced ROS 2."""
    yield python_version(sys.version_info[:2])
    try:
        requirements = metadata.requires("nudge") or []
    except metadata.PackageNotFoundError:
        yield problem("packages", "nudge is not installed in this Python", "run `make setup`")
        return
    for extra in extras_of(rig):
        if extra == "ros" and ros_is_sourced:
            yield ok("packages/ros", "a sourced ROS 2 installation")
        else:
            yield extra_versions(extra, requirements)


def python_version(version: tuple[int, ...]) -> Finding:
    """The interpreter, against what the pinned packages ask for."""
    seen = "Python " + ".".join(map(str, version))
    if _PYTHON[0] <= tuple(version) < _PYTHON[1]:
        return ok("python", seen)
    return problem("python", f"{seen}, want 3.11 or 3.12", "make a virtual environment of Python 3.11")


def extras_of(rig: RigConfig | None) -> list[str]:
    """The pip extras a rig needs; `ros` always, for the graph."""
    used = {
        "arm driver": [a.driver for a in rig.arms.values()] if rig else [],
        "camera driver": [c.driver for c in rig.cameras.values()] if rig else [],
        "teleop device": [t.device for t in rig.teleop] if rig else [],
    }
    extras = {_EXTRA_OF[kind].get(name) for kind, names in used.items() for name in names}
    return ["ros", *sorted(e for e in extras if e)]


def extra_versions(extra: str, requirements: list[str]) -> Finding:
    """Installed against wanted versions of one extra's packages."""
    matches = [m for r in requirements if (m := _REQUIREMENT.match(r)) and m[3] == extra]
    wanted = {m[1]: m[2] for m in matches}
    got = {name: _installed(name) for name in wanted}
    check, install = f"packages/{extra}", f"run `pip install 'nudge[{extra}]'`"
    if not wanted:
        return warning(check, "the installed nudge is older than its source: no such extra", "make setup")
    missing = [name for name, version in got.items() if version is None]
    if missing:
        return problem(check, f"not installed: {', '.join(missing)}", install)
    other = [f"{n} {got[n]} (tested: {wanted[n]})" for n in wanted if got[n] != wanted[n]]
    if other:
        return warning(check, f"other versions than tested: {', '.join(other)}", install)
    return ok(check, ", ".join(f"{n} {v}" for n, v in got.items()))


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
