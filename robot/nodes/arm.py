"""The arm node: the one place where commands become motion, on a real cell."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from robot.core import topics
from robot.core.errors import DeviceError
from robot.core.node import Node
from robot.core.se3 import Matrix
from robot.core.topics import Topic
from robot.core.types import Action, EpisodeStart, Event, Key, Source
from robot.nodes.homing import Homing
from robot.rig_control import RigControl

log = logging.getLogger(__name__)

_LONGEST_BRAKING_S = 1.0


class ArmNode(Node):
    """Drives all arms of a rig in real time, through the safety layer.

    Every guard period it sends each arm its next reference; every control period it publishes what was
    executed and what is measured, under one stamp. A command counts for the control step it answers.
    An episode starts at the rig's start poses. The arms go there through the safety layer too, and not before
    a person has pressed clear: after every episode somebody's hands may be in the cell. Only where the rig
    file says `unattended` are actions with Source.RESET executed, and may an episode begin where they led.

    Args:
        control: the rig's guarded arms; their drivers are connected here.
        starts: arm name -> `T_base_tcp` an episode starts from.
        control_period_s, guard_period_s: of steps and of references.
        unattended: nobody can reach into this cell, so autonomy may move its arms between episodes.
    """

    name = "arm"

    def __init__(
        self,
        control: RigControl,
        starts: Mapping[str, Matrix],
        control_period_s: float,
        guard_period_s: float,
        unattended: bool = False,
    ) -> None:
        self._control, self._starts, self._unattended = control, dict(starts), unattended
        self._ticks_a_step = round(control_period_s / guard_period_s)
        self._tick = 0
        self._step_ns = self._now_ns = 0
        self._episode: EpisodeStart | None = None
        self._homing: Homing | None = None
        self._begins = False  # the control step under way ends in an episode's start
        self._said = ""
        self.period_s = self._guard_s = guard_period_s
        self.inputs = (topics.COMMAND, topics.EPISODE_START, topics.EVENT, topics.DEVICES, topics.SPEED_SCALE)
        states = [topics.arm_state(a.spec.arm) for a in control.arms]
        self.outputs = (topics.EXECUTED, topics.SAFETY, topics.DEVICES, *states)

    def start(self) -> None:
        """Connect every arm; DeviceError names all that could not be."""
        problems: list[str] = []
        for arm in self._control.arms:
            try:
                arm.driver.connect()
            except DeviceError as error:
                problems.append(str(error))
        if problems:
            raise DeviceError("\n".join(problems))

    def on(self, topic: Topic, message: Any) -> None:
        """A command for the present step, a new episode, or what concerns safety."""
        if isinstance(message, Action):
            self._command(message)
        elif isinstance(message, EpisodeStart):
            self._begin(message)
        elif isinstance(message, Event) and message.key is Key.CLEAR:
            self._clear(message)
        else:
            self._control.hear(message)

    def tick(self, now_ns: int) -> None:
        """One guard period; every so many of them end a control step."""
        self._now_ns = now_ns
        self._control.tick(now_ns)
        for change in self._control.health(now_ns):
            self.publish(topics.DEVICES, change)
        self._tick += 1
        if self._homing is not None and self._homing.advance():
            self._episode, self._homing = self._homing.start, None
            self._control.begin()
            self._end_step(now_ns, Source.RESET)
        elif self._tick >= self._ticks_a_step:
            self._end_step(now_ns)

    def close(self) -> None:
        """Brake, then let go of every arm, also if one of them fails."""
        deadline = time.monotonic() + _LONGEST_BRAKING_S
        for arm in self._control.arms:
            arm.stop("the arm node ends")
        while any(a.twist.any() and not a.lost for a in self._control.arms) and time.monotonic() < deadline:
            self._now_ns += round(self._guard_s * 1e9)
            self._control.tick(self._now_ns)
            time.sleep(self._guard_s)
        for arm in self._control.arms:
            try:
                arm.driver.close()
            except Exception:
                log.exception("arm %r: close failed", arm.spec.arm)

    def _command(self, action: Action) -> None:
        if action.source is Source.RESET and not self._unattended:
            log.error("a reset without a person is refused: the rig file does not say `unattended: true`")
        elif self._episode is not None and action.stamp_ns == self._step_ns:
            self._control.command(action, action.stamp_ns)
        else:
            log.warning(
                "command for %d ns came in the step of %d ns: ignored", action.stamp_ns, self._step_ns
            )

    def _clear(self, event: Event) -> None:
        try:
            self._control.hear(event)
        except DeviceError as error:
            log.error("the arm could not be recovered and stays stopped: %s", error)
            return
        if self._homing is not None:
            self._homing.go()

    def _begin(self, start: EpisodeStart) -> None:
        if self._homing is not None and self._homing.start.episode_id == start.episode_id:
            return  # asked again: it waits, or is on its way
        if self._episode is not None and self._episode.episode_id == start.episode_id:
            self._end_step(self._now_ns, Source.RESET)  # whoever asks again has not heard that it began
            return
        if start.in_place and self._may_begin_in_place():
            self._episode, self._begins = start, True
            self._control.begin()
            return
        self._episode, self._homing = None, Homing(start, self._control, self._starts)
        self._control.begin()

    def _may_begin_in_place(self) -> bool:
        safe = not self._control.stopped and self._control.devices_ok
        return self._unattended and safe and self._episode is not None

    def _end_step(self, now_ns: int, source: Source | None = None) -> None:
        """All of one control step under one stamp; between episodes what is measured and waited for."""
        self._tick, self._step_ns = 0, now_ns
        executed = self._control.executed(now_ns)
        source, self._begins = Source.RESET if self._begins else source, False
        executed = executed if source is None else replace(executed, source=source)
        if self._episode is not None:
            self.publish(topics.EXECUTED, executed)
        waiting = self._homing.waiting if self._homing else ""
        report = self._control.report(now_ns, executed, waiting)
        if executed.safety or report.text != self._said:
            self._said = report.text
            self.publish(topics.SAFETY, report)
        episode = self._episode.episode_id if self._episode else -1
        for state in self._control.states():
            if state is not None:
                # Under the step's stamp; one older than the limits' stale_state_s makes the arm hold.
                stamped = replace(state, stamp_ns=now_ns, episode_id=episode)
                self.publish(topics.arm_state(state.arm), stamped)
