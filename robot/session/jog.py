"""`nudge jog`: a hand device moves an arm through the safety layer, and nothing else runs."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from robot.core.errors import ConfigError, DeviceError
from robot.core.spec import AXES, ArmActionSpec
from robot.core.types import Key, Source, TeleopCommand
from robot.guarded_arm import GuardedArm
from robot.rig import HandMapping, RigConfig, TeleopRig
from robot.safety.reason import Reason
from robot.session.cell import guard_arm
from robot.session.rigs import load_rig, make_teleop
from teleop.device import Reading, TeleopDevice
from teleop.mapping import to_command

log = logging.getLogger(__name__)

_STEP_S = 0.1
_SHARE = 0.4  # of the speed limits at full deflection
_RETRY_S = 1.0
_LONGEST_BRAKING_S = 2.0


@dataclass
class _Hand:
    """The device, and whether it answers."""

    device: TeleopDevice
    rig: TeleopRig
    lost: str = ""
    retry_s: float = 0.0
    let_go: bool = True  # after a loss the dead-man counts only once it was released

    def read(self, now_s: float) -> Reading | None:
        """The newest reading; None while the device is gone, which is tried again once a second."""
        try:
            if self.lost:
                if now_s < self.retry_s:
                    return None
                self.retry_s = now_s + _RETRY_S
                self.device.connect()
                self.lost = ""
            reading = self.device.read()
        except DeviceError as error:
            self.lost, self.let_go = str(error), False
            return None
        self.let_go = self.let_go or not reading.engaged
        return reading if self.let_go else replace(reading, engaged=False)


def jog(
    rig_name: str | Path, arm: str | None, device: str | None, seconds: float | None, console: Console
) -> None:
    """Jog until Ctrl-C, or for ``seconds``.

    Raises:
        ConfigError: the rig, or the choice of arm and device, is wrong.
        DeviceError: the arm or the device cannot be used now.
    """
    rig = load_rig(rig_name)
    name = _chosen_arm(rig, arm)
    hand = _chosen_hand(rig, name, device)
    guarded = _guarded(rig, name)
    hand.device.connect()
    try:
        guarded.driver.connect()
        _run(guarded, hand, 1.0 / rig.guard_hz, seconds, console)
    finally:
        guarded.driver.close()
        hand.device.close()


def _run(guarded: GuardedArm, hand: _Hand, guard_s: float, seconds: float | None, console: Console) -> None:
    ticks, began, k = round(_STEP_S / guard_s), time.monotonic(), 0
    view = _View(guarded, hand)
    with Live(view.table(None), console=console, refresh_per_second=10, transient=False) as live:
        try:
            while seconds is None or time.monotonic() - began < seconds:
                if k % ticks == 0:
                    reading = hand.read(time.monotonic())
                    _obey(guarded, hand, reading)
                    live.update(view.table(reading))
                guarded.tick(time.time_ns(), devices_ok=not hand.lost)
                k += 1
                time.sleep(max(0.0, began + k * guard_s - time.monotonic()))
        finally:
            _brake(guarded, guard_s)


def _obey(guarded: GuardedArm, hand: _Hand, reading: Reading | None) -> None:
    state = guarded.state()
    if reading is None or state is None:
        return
    for key in reading.keys:
        if key is Key.STOP:
            guarded.stop("a person pressed stop")
        elif key is Key.CLEAR:
            _clear(guarded)
    now = time.time_ns()
    command: TeleopCommand = to_command(reading, hand.rig.mapping, hand.rig.arm, state.T_base_tcp, now)
    value = guarded.spec.from_axes(command.axes, command.gripper)
    guarded.command(now, value, Source.HUMAN if command.engaged else Source.HOLD, command.engaged)


def _clear(guarded: GuardedArm) -> None:
    try:
        guarded.clear()
    except DeviceError as error:
        log.error("the arm stays stopped: %s", error)


def _brake(guarded: GuardedArm, guard_s: float) -> None:
    """Come to rest before the driver lets go."""
    deadline = time.monotonic() + _LONGEST_BRAKING_S
    guarded.stop("jogging ended")
    while guarded.twist.any() and not guarded.lost and time.monotonic() < deadline:
        guarded.tick(time.time_ns())
        time.sleep(guard_s)


def _chosen_arm(rig: RigConfig, arm: str | None) -> str:
    name = arm or next(iter(rig.arms))
    if name not in rig.arms:
        raise ConfigError([f"--arm {name}: the rig {rig.name} has {', '.join(rig.arms)}"], "command line")
    return name


def _chosen_hand(rig: RigConfig, arm: str, device: str | None) -> _Hand:
    """The rig's own device for the arm, or the named one as it is out of the box; a keyboard if all fails."""
    for known in rig.teleop:
        if known.arm == arm and device in (None, known.device):
            return _Hand(make_teleop(known), known)
    chosen = TeleopRig(device or "keyboard", arm, mapping=HandMapping(frame="base"))
    return _Hand(make_teleop(chosen), chosen)


def _guarded(rig: RigConfig, name: str) -> GuardedArm:
    limits = rig.arms[name].limits
    reach = _SHARE * limits.speed_scale * _STEP_S
    spec = ArmActionSpec(name, AXES, reach * limits.speed_mps, reach * limits.turn_speed_radps, gripper=True)
    return guard_arm(name, rig, spec, _STEP_S)


class _View:
    """What the person who jogs wants to see."""

    def __init__(self, guarded: GuardedArm, hand: _Hand) -> None:
        self._guarded, self._hand = guarded, hand

    def table(self, reading: Reading | None) -> Group:
        """The arm's pose, what it feels, and what the safety layer does."""
        executed = self._guarded.executed()
        table = Table.grid(padding=(0, 2))
        for name, value in (*self._arm_rows(), ("hand", self._hand_row(reading))):
            table.add_row(Text(name, style="bold"), value)
        table.add_row(Text("safety", style="bold"), self._safety_row(executed.reasons))
        keys = (
            "w/s a/d r/f move · u/h i/k j/l turn · o/c gripper · q stop · x clear" if self._keyboard else ""
        )
        return Group(table, Text(f"{keys}{'   ' if keys else ''}Ctrl-C ends", style="dim"))

    @property
    def _keyboard(self) -> bool:
        return self._hand.rig.device == "keyboard"

    def _arm_rows(self) -> list[tuple[str, str | Text]]:
        guarded, state = self._guarded, self._guarded.state()
        if state is None:
            return [("arm", Text(f"{guarded.spec.arm}: {guarded.lost}", style="red"))]
        x, y, z = state.T_base_tcp[:3, 3] * 1e3
        force = float(np.linalg.norm(state.wrench[:3]))
        speed = float(np.linalg.norm(guarded.twist[:3]))
        return [
            ("arm", f"{guarded.spec.arm}  x {x:7.1f}  y {y:7.1f}  z {z:7.1f} mm"),
            ("speed", f"{speed:5.3f} of {guarded.limits.speed_mps:g} m/s"),
            ("force", f"{force:5.1f} N  (gives way at {guarded.limits.force_n:g} N)"),
            ("gripper", f"{state.gripper_width * 1e3:.0f} mm"),
        ]

    def _hand_row(self, reading: Reading | None) -> Text:
        if self._hand.lost:
            return Text(f"{self._hand.rig.device}: {self._hand.lost}", style="red")
        engaged = reading is not None and reading.engaged
        return Text(
            f"{self._hand.rig.device}: {'engaged' if engaged else 'at rest'}",
            style="green" if engaged else "",
        )

    def _safety_row(self, reasons: Reason) -> Text:
        if self._guarded.stopped:
            return Text(f"STOPPED: {self._guarded.stopped}. Look, then press clear", style="bold red")
        return Text(", ".join(reasons.names) or "nothing to change", style="yellow" if reasons else "")
