"""Lazy names, and errors that offer the nearest one."""

from __future__ import annotations

import pytest

from robot.core.clock import SimClock
from robot.core.errors import ConfigError, NudgeError, UnknownName, nearest_hint
from robot.core.registry import Registry

DEVICES = Registry("device", {"spacemouse": "json:dumps", "keyboard": "a_missing_module:Keyboard"})


def test_a_name_is_imported_only_when_asked_for() -> None:
    assert sorted(DEVICES) == ["keyboard", "spacemouse"]
    assert DEVICES.load("spacemouse")([1]) == "[1]"
    with pytest.raises(ModuleNotFoundError, match="a_missing_module"):
        DEVICES.load("keyboard")


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        DEVICES.load("spacemuse")
    assert str(caught.value) == (
        "unknown device 'spacemuse'; did you mean 'spacemouse'? Known: keyboard, spacemouse"
    )


def test_a_registry_keeps_the_promises_of_a_mapping() -> None:
    assert "spacemouse" in DEVICES
    assert "joystick" not in DEVICES
    assert DEVICES.get("joystick") is None


def test_a_hint_without_a_near_name_lists_what_is_known() -> None:
    assert nearest_hint("zzz", ["left", "right"]) == "; Known: left, right"


def test_errors_share_a_base_and_number_their_problems() -> None:
    error = ConfigError(["a: missing"], "rig.yaml")
    assert isinstance(error, NudgeError)
    assert str(error) == "1 problem in rig.yaml:\n  1. a: missing"


def test_simulated_time_does_not_run_backwards() -> None:
    clock = SimClock(5)
    clock.set(5)
    clock.set(9)
    with pytest.raises(ValueError, match="8 ns after 9 ns"):
        clock.set(8)
    assert clock.now_ns() == 9
