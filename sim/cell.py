"""The twin's cell as a node: executes commands in lockstep or real time, publishes what its sensors see."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from robot.cell_config import CellConfig
from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import Action, EpisodeStart, Image, Reward, Source, Truth
from robot.task import Task
from sim.rendering import Renderer
from sim.twin import make_twin

log = logging.getLogger(__name__)


class TwinCell(Node):
    """Arm, cameras and geometric success judge of one twin.

    Lockstep: time stands still until a command for the present stamp arrives, the safest hold there is.
    Real time: each period executes the newest command for the present stamp, or HOLD.
    """

    name = "cell"

    def __init__(self, task: Task, config: CellConfig | None = None) -> None:
        self._task, self._config = task, config or CellConfig()
        self._twin = make_twin(task, self._config.twin)
        size = (task.image_size, task.image_size)
        self._renderer = Renderer(self._twin.model, size) if task.cameras else None
        self._arm = task.action.arms[0]
        self._episode: EpisodeStart | None = None
        self._pending: Action | None = None
        self.inputs = (topics.COMMAND, topics.EPISODE_START)
        cameras = [topics.camera_image(c) for c in task.cameras]
        self.outputs = (
            *cameras,
            topics.EXECUTED,
            topics.REWARD,
            topics.TRUTH,
            *(topics.arm_state(a) for a in task.arms),
        )
        self.period_s = task.control_period_s if self._config.realtime else None

    def on(self, topic: Topic, message: Action | EpisodeStart) -> None:
        """A command for now, or a reset."""
        if isinstance(message, EpisodeStart):
            self._reset(message)
        elif message.stamp_ns != self._twin.stamp_ns:
            log.warning("command for %d ns came at %d ns: ignored", message.stamp_ns, self._twin.stamp_ns)
        elif self._config.realtime:
            self._pending = message
        else:
            self._execute(message)

    def tick(self, now_ns: int) -> None:
        """Real time only: the period is over, act on what there is."""
        if self._episode is not None:
            command, self._pending = self._pending, None
            self._execute(command or self._hold())

    def close(self) -> None:
        """Give the GL context back."""
        if self._renderer is not None:
            self._renderer.close()

    def _reset(self, start: EpisodeStart) -> None:
        self._episode, self._pending = start, None
        self._twin.reset(start.seed)
        self._twin.stamp_ns += round(self._task.control_period_s * 1e9)
        self._publish(replace(self._hold(), source=Source.RESET), success=False)

    def _execute(self, command: Action) -> None:
        if not np.isfinite(command.value).all():
            log.error("command with a value that is not finite: holding instead")
            command = self._hold()
        value = np.clip(command.value, -1.0, 1.0)
        translation, rotation = self._arm.delta(value)
        gripper = float(value[-1]) if self._arm.gripper else 0.0
        self._twin.step(translation, rotation, gripper)
        success = self._twin.scene.success(self._twin.model, self._twin.data)
        self._publish(replace(command, value=value), success)

    def _hold(self) -> Action:
        zero = np.zeros(self._task.action.size, np.float32)
        return Action(self._twin.stamp_ns, zero, zero, zero, Source.HOLD)

    def _publish(self, executed: Action, success: bool) -> None:
        """All of one control step under one stamp: what moved the arm here, what it earned, what is seen."""
        twin, stamp = self._twin, self._twin.stamp_ns
        self.publish(topics.EXECUTED, replace(executed, stamp_ns=stamp))
        self.publish(topics.REWARD, Reward(stamp, float(success), success))
        episode = self._episode.episode_id if self._episode else -1
        self.publish(topics.TRUTH, Truth(stamp, episode, twin.scene.poses(twin.model, twin.data)))
        if self._renderer is not None:
            for camera in self._task.cameras:
                pixels = twin.noisy_image(self._renderer.draw(twin.data, camera))
                self.publish(topics.camera_image(camera), Image(stamp, camera, pixels))
        self.publish(topics.arm_state(self._arm.arm), twin.state(episode))
