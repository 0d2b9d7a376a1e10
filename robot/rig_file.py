"""Reads `launch/rigs/NAME.yaml`: the one file a lab writes about its cell. Every mistake is told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from robot.core.config import from_dict
from robot.core.errors import ConfigError, UnknownName, nearest_hint
from robot.core.registry import Registry
from robot.drivers import driver_class, options_for
from robot.rig import ArmRig, CameraRig, RigConfig
from robot.rig_check import beyond_the_vendor, no_room_to_brake, unsafe_start
from robot.rig_secrets import without_secrets
from robot.yaml_file import read_yaml

RIGS = Path(__file__).parents[1] / "launch" / "rigs"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")  # part of a ROS topic name
_GUARD_HZ = (20.0, 1000.0)
T = TypeVar("T")


@dataclass(frozen=True)
class Catalogue:
    """The names a rig file may use. `teleop` is handed in: robot does not know the package of that name."""

    arms: Registry
    cameras: Registry
    teleop: Registry


def read_rig(name_or_path: str | Path, catalogue: Catalogue) -> RigConfig:
    """The rig of a file, or of `launch/rigs/NAME.yaml`, checked; its name is the file's.

    ``${NAME}`` in an option stays as it is written: `robot.drivers` puts the environment's value in when a
    driver is made, so that no secret reaches a run folder.

    Raises:
        ConfigError: all that is wrong with it.
    """
    path = rig_path(name_or_path)
    problems: list[str] = []
    data = without_secrets({"name": path.stem, **read_yaml(path)}, "", problems)
    problems += _problems_of(lambda: from_dict(RigConfig, data))
    if data["name"] != path.stem:
        problems.append(f"name: got {data['name']!r}, want the file's, {path.stem!r}; leave it out")
    problems += _rig_problems(data, catalogue)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)), str(path))
    return from_dict(RigConfig, data, str(path))


def rig_path(name_or_path: str | Path) -> Path:
    """Where the rig is written; ConfigError offers the nearest name."""
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        return path
    if str(name_or_path) not in rig_names():
        hint = nearest_hint(str(name_or_path), rig_names())
        raise ConfigError([f"no rig {str(name_or_path)!r} in {RIGS}{hint}; a path works too"], "--rig")
    return RIGS / f"{name_or_path}.yaml"


def rig_names() -> list[str]:
    """The rigs in `launch/rigs`."""
    return sorted(p.stem for p in RIGS.glob("*.yaml"))


def _rig_problems(data: Mapping[str, Any], catalogue: Catalogue) -> Iterator[str]:
    """What the types alone do not tell. Works on the parts that are sound, whatever the others are."""
    arms, cameras, teleop = _table(data, "arms"), _table(data, "cameras"), data.get("teleop")
    guard_hz = data.get("guard_hz", RigConfig.guard_hz)
    if data.get("arms") == {}:
        yield "arms: got none, want at least one"
    if isinstance(guard_hz, int | float) and not _GUARD_HZ[0] <= guard_hz <= _GUARD_HZ[1]:
        yield f"guard_hz: got {guard_hz:g} Hz, want {_GUARD_HZ[0]:g} to {_GUARD_HZ[1]:g} Hz"
    for name, arm in arms.items():
        yield from _named(name, "arms", _arm_problems(name, arm, catalogue.arms, guard_hz))
    for name, camera in cameras.items():
        yield from _named(name, "cameras", _camera_problems(camera, catalogue.cameras))
    for i, hand in enumerate(teleop if isinstance(teleop, list) else ()):
        yield from (f"teleop[{i}].{p}" for p in _hand_problems(hand, arms, catalogue.teleop))


def _named(name: str, kind: str, problems: Iterator[str]) -> Iterator[str]:
    if isinstance(name, str) and not _NAME.fullmatch(name):
        yield f"{kind}.{name}: got {name!r}, want letters, digits and _ (it becomes part of a topic name)"
    yield from (f"{kind}.{name}.{p}" for p in problems)


def _arm_problems(name: str, data: Any, arms: Registry, guard_hz: float) -> Iterator[str]:
    yield from _device_problems(data, "driver", arms)
    arm = _sound(ArmRig, data)
    if arm is None:
        return
    yield from unsafe_start(arm)
    yield from (f"limits.{p}" for p in no_room_to_brake(arm.limits, 1.0 / max(guard_hz, _GUARD_HZ[0])))
    if not list(_device_problems(data, "driver", arms)):
        options = options_for(arms, arm.driver, arm.options)
        hard = driver_class(arms, arm.driver)(name, options).hard_limits
        yield from (f"limits.{p}" for p in beyond_the_vendor(arm.limits, hard))


def _camera_problems(data: Any, cameras: Registry) -> Iterator[str]:
    yield from _device_problems(data, "driver", cameras)
    camera = _sound(CameraRig, data)
    if camera is not None and not 0 < camera.max_age_s < float("inf"):
        yield f"max_age_s: got {camera.max_age_s} s, want more than 0"
    crop = camera.crop if camera else None
    if crop is not None and (min(crop.x, crop.y) < 0 or min(crop.width, crop.height) < 1):
        yield f"crop: got {crop.width}x{crop.height} at ({crop.x}, {crop.y}), want it inside the image"


def _hand_problems(data: Any, arms: Mapping[str, Any], devices: Registry) -> Iterator[str]:
    yield from _device_problems(data, "device", devices)
    arm = data.get("arm") if isinstance(data, Mapping) else None
    if isinstance(arm, str) and arm not in arms:
        yield f"arm: no arm {arm!r} in this rig{nearest_hint(arm, sorted(map(str, arms)))}"


def _device_problems(data: Any, key: str, registry: Registry) -> Iterator[str]:
    """Of the name at ``key``, and of the options it takes."""
    if not isinstance(data, Mapping) or not isinstance(data.get(key), str):
        return  # reported by its type
    try:
        driver_class(registry, data[key])
    except UnknownName as error:
        yield f"{key}: {error}"
        return
    except ConfigError as error:
        yield from (f"{key}: {p}" for p in error.problems)
        return
    options = data.get("options", {})
    if isinstance(options, Mapping):
        problems = _problems_of(lambda: options_for(registry, data[key], options))
        yield from (f"options.{p}" for p in problems)


def _problems_of(build: Callable[[], Any]) -> list[str]:
    try:
        build()
    except ConfigError as error:
        return list(error.problems)
    return []


def _sound(cls: type[T], data: Any) -> T | None:
    try:
        return from_dict(cls, data)
    except ConfigError:
        return None


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}
