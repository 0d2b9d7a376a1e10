"""Drivers from a rig's lines: the options become the driver's own Config, ${NAME} the environment's value.

An address with a login (``://${USER}:${PASSWORD}@``) is left to the driver, which encodes what it puts in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from robot.arms import ARMS
from robot.arms.driver import ArmDriver
from robot.cameras import CAMERAS
from robot.cameras.driver import CameraDriver
from robot.core.config import from_dict
from robot.core.errors import ConfigError
from robot.core.registry import Registry
from robot.rig import ArmRig, CameraRig

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_LOGIN = re.compile(r"://[^/@\s]*@")


def make_arm(name: str, rig: ArmRig, arms: Registry = ARMS) -> ArmDriver:
    """The arm's driver, not yet connected.

    Raises:
        UnknownName: no such driver.
        ConfigError: every option that the driver does not take.
    """
    return driver_class(arms, rig.driver)(name, options_for(arms, rig.driver, rig.options))


def make_camera(name: str, rig: CameraRig, cameras: Registry = CAMERAS) -> CameraDriver:
    """The camera's driver, not yet connected; raises what `make_arm` does."""
    return driver_class(cameras, rig.driver)(name, options_for(cameras, rig.driver, rig.options))


def driver_class(registry: Registry, name: str) -> Any:
    """The registered class; ConfigError when the package it needs is not installed."""
    try:
        return registry.load(name)
    except ImportError as error:
        raise ConfigError(
            [f"{registry.kind} {name!r} ({registry[name]}) does not import: {error}"], "driver"
        ) from error


def options_for(registry: Registry, name: str, options: Mapping[str, Any]) -> Any:
    """The driver's own Config from a rig's options; ConfigError lists every problem."""
    where = f"options of the {registry.kind} {name!r}"
    return from_dict(driver_class(registry, name).Config, _expanded(options, where), where)


def _expanded(options: Mapping[str, Any], where: str) -> dict[str, Any]:
    missing = sorted({n for n in _named(options) if n not in os.environ})
    if missing:
        advice = "set it before you start Nudge: export {}=..."
        raise ConfigError([f"${{{n}}}: not in the environment; {advice.format(n)}" for n in missing], where)
    return {key: _value(value) for key, value in options.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        if _LOGIN.search(value):
            return value
        return _VARIABLE.sub(lambda match: os.environ[match[1]], value)
    if isinstance(value, Mapping):
        return {k: _value(v) for k, v in value.items()}
    return [_value(v) for v in value] if isinstance(value, list) else value


def _named(value: Any) -> list[str]:
    if isinstance(value, str):
        return [] if _LOGIN.search(value) else _VARIABLE.findall(value)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [name for v in inner for name in _named(v)]
