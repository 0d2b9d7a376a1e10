"""The twin's cell as a node: executes commands in lockstep or real time, publishes what its sensors see."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from robot.cell_config import CellConfig
from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import (
    Action,
    EpisodeStart,
    Event,
    Image,
    Reward,
    Source,
    SpeedScale,
)
from robot.guarded_arm import GuardedArm
from robot.limits import SafetyLimits
from robot.rig_control import RigControl
from robot.task import Task
from sim.arm import TwinArm, TwinArmConfig
from sim.camera import camera_info
from sim.faults import Faults
from sim.rendering import Renderer
from sim.twin import make_twin

log = logging.getLogger(__name__)

_GUARD_S = 0.01


class TwinCell(Node):
    """Arms, cameras and geometric success judge of one twin, behind the same safety layer as real arms.

    Lockstep: time stands still until a command for the present stamp arrives, the safest hold there is.
    Real time: ticked every guard period, each control period executes the newest command for its stamp, or
    HOLD. While a device is unplugged time goes on in both, and the arms hold.
    An episode begins with a reset that stands for a person who puts everything right, or in place: then the
    arms stay, a stopped one stays stopped, and a fixture sets out the next parts.

    Args:
        limits: of each of the task's arms, in its own base frame.
        drivers: the rig's options of the arms; one without is driven as `TwinArmConfig` says by itself.
        glimpses: cameras that nobody looks through but at an episode's start.
    """

    name = "cell"

    def __init__(
        self,
        task: Task,
        limits: Mapping[str, SafetyLimits],
        config: CellConfig | None = None,
        drivers: Mapping[str, TwinArmConfig] | None = None,
        glimpses: Sequence[str] = (),
    ) -> None:
        self._task, self._config = task, config or CellConfig()
        self.twin = make_twin(task, self._config.twin, {a: d.gains for a, d in (drivers or {}).items()})
        size = (task.image_size, task.image_size)
        self._glimpses = tuple(c for c in glimpses if c not in task.cameras)
        self._cameras = (*task.cameras, *self._glimpses)
        self._renderer = Renderer(self.twin.model, size) if self._cameras else None
        self._arms = {name: TwinArm(name, world=self.twin) for name in task.arms}
        period_s = task.control_period_s
        arms = [GuardedArm(self._arms[s.arm], s, limits[s.arm], period_s, _GUARD_S) for s in task.action.arms]
        self.control = RigControl(arms)
        self._faults = Faults(self._config.twin.faults)
        self._episode: EpisodeStart | None = None
        self._step_ns = round(task.control_period_s * 1e9)
        self._next_ns = 0
        self._begins = False  # the step under way ends in an episode's start
        self.inputs = (topics.COMMAND, topics.EPISODE_START, topics.EVENT, topics.SPEED_SCALE)
        cameras = [t(c) for c in self._cameras for t in (topics.camera_image, topics.camera_info)]
        self.outputs = (
            *cameras,
            topics.EXECUTED,
            topics.REWARD,
            topics.TRUTH,
            topics.SAFETY,
            topics.DEVICES,
            *(topics.arm_state(a) for a in task.arms),
        )
        self.period_s = _GUARD_S if self._config.realtime else None

    def start(self) -> None:
        """Say how the cameras see."""
        for camera in self._cameras:
            info = camera_info(self.twin.model, camera, self._task.image_size, self.twin.stamp_ns)
            self.publish(topics.camera_info(camera), info)

    def on(self, topic: Topic, message: Action | EpisodeStart | Event | SpeedScale) -> None:
        """A command for now, a reset, or something that concerns the arm's safety."""
        if isinstance(message, EpisodeStart):
            if message.in_place and self._episode is not None and not self.control.stopped:
                self._begin_in_place(message)
            else:
                self._reset(message)
        elif not isinstance(message, Action):
            self.control.hear(message)
        elif message.stamp_ns != self._next_ns - self._step_ns:
            log.warning("command for %d ns came at %d ns: ignored", message.stamp_ns, self.twin.stamp_ns)
        else:
            self.control.command(message, message.stamp_ns)
            if not self._config.realtime:
                self._run_step()

    def tick(self, now_ns: int) -> None:
        """Real time only: one guard period is over."""
        if self._episode is not None:
            self._guard_period()
            if self.twin.stamp_ns >= self._next_ns:
                self._publish()

    def close(self) -> None:
        """Give the GL context back."""
        if self._renderer is not None:
            self._renderer.close()

    def _reset(self, start: EpisodeStart) -> None:
        self._episode = start
        self.twin.reset(start.seed)
        self.twin.stamp_ns += self._step_ns
        self._faults.begin(self.twin.stamp_ns)
        if self._config.twin.randomize != "off":
            self.start()  # the cameras are others
        for driver in self._arms.values():
            driver.episode_id = start.episode_id
        for arm in self.control.arms:
            arm.clear()  # a reset of the twin stands for a person who put things right ...
            arm.restart()  # ... and moves the arm
        self.control.begin()
        self._publish(Source.RESET)

    def _begin_in_place(self, start: EpisodeStart) -> None:
        self._episode, self._begins = start, True
        self.twin.renew(start.seed)
        self._faults.begin(self.twin.stamp_ns)
        for driver in self._arms.values():
            driver.episode_id = start.episode_id
        self.control.begin()
        if not self._config.realtime:
            self._run_step()

    def _run_step(self) -> None:
        """Lockstep: one control step; then, while a device is gone, as many as it takes to be back."""
        while True:
            while self.twin.stamp_ns < self._next_ns:
                self._guard_period()
            self._publish()
            if not self._faults.unplugged:
                break

    def _guard_period(self) -> None:
        now = self.twin.stamp_ns
        for change in self._faults.advance(now):
            self.publish(topics.DEVICES, change)
            self.control.hear(change)
        for name, driver in self._arms.items():
            driver.plugged_in = f"arm/{name}" not in self._faults.unplugged
        self.control.tick(now)
        if self.twin.stamp_ns == now:  # an arm was not reached
            self.twin.rest(_GUARD_S)

    def _publish(self, source: Source | None = None) -> None:
        """All of one control step under one stamp: what moved the arm here, what it earned, what is seen."""
        twin, stamp = self.twin, self.twin.stamp_ns
        self._next_ns = stamp + self._step_ns
        executed = self.control.executed(stamp)
        source, self._begins = Source.RESET if self._begins else source, False
        cameras = self._cameras if source is Source.RESET else self._task.cameras
        executed = executed if source is None else replace(executed, source=source)
        success = source is None and twin.scene.success(twin.model, twin.data)
        self.publish(topics.EXECUTED, executed)
        if executed.safety:
            self.publish(topics.SAFETY, self.control.report(stamp, executed))
        self.publish(topics.REWARD, Reward(stamp, float(success), success))
        episode = self._episode.episode_id if self._episode else -1
        self.publish(topics.TRUTH, twin.truth(episode))
        for camera in cameras:
            if f"camera/{camera}" not in self._faults.unplugged and self._renderer is not None:
                pixels = twin.noisy_image(self._renderer.draw(twin.data, camera))
                self.publish(topics.camera_image(camera), Image(stamp, camera, pixels))
        for name, driver in self._arms.items():
            if driver.plugged_in:
                self.publish(topics.arm_state(name), twin.state(episode, name))
