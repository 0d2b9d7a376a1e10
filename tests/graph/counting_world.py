"""A cell, an operator, a base and an encoder that count: every value tells its episode and step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from policies.replay.buffer import ReplayBuffer
from policies.replay.tail import Record, StoreTail
from robot.core import topics
from robot.core.node import Node
from robot.core.spec import ActionSpec, ArmActionSpec
from robot.core.topics import Topic
from robot.core.types import (
    Action,
    Array,
    EpisodeStart,
    Image,
    Observation,
    Reward,
    RobotState,
    Source,
    TeleopCommand,
    Truth,
    Weights,
)
from robot.task import Box, Task

PERIOD_NS = 100_000_000
TASK = Task(
    name="count",
    sentence="Count the steps.",
    scene="none",
    action=ActionSpec((ArmActionSpec("arm", ("x", "y"), 0.01, 0.1),)),
    cameras=("wrist",),
    image_size=4,
    time_limit_steps=6,
    control_period_s=0.1,
    waypoints=(),
    workspace=Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)),
)
FEATURE_SHAPE = (1, 1, 3)
RESIDUAL = 0.004
VERSION = 5
SUCCESS, FAILURE = {(0, 3), (4, 6)}, {(2, 4)}  # (episode, control steps done)
ENGAGED = {(0, 1), (1, 0), (1, 1), (1, 4), (2, 3), (3, 5), (4, 0), (4, 5)}  # (episode, step)
EPISODES = 5


def base_action(episode_id: float, t: float) -> Array:
    return np.array([episode_id / 20, t / 100], np.float32)  # small, so that no hand-over is bounded


def human_action(t: int) -> Array:
    return np.array([-0.2, -t / 100], np.float32)


def proposed_action(episode_id: float, t: float) -> Array:
    return base_action(episode_id, t) + np.float32(RESIDUAL)


def reward(episode_id: int, t: int) -> float:
    return episode_id / 10 + t / 100


class FakeCountingCell(Node):
    """Executes half of every command, and publishes the parts of a step in another order every time."""

    name = "cell"
    inputs = (topics.COMMAND, topics.EPISODE_START)
    outputs = (
        topics.EXECUTED,
        topics.REWARD,
        topics.TRUTH,
        topics.arm_state("arm"),
        topics.camera_image("wrist"),
    )

    def __init__(self) -> None:
        self.stamp_ns, self.step, self.episode_id = 0, 0, -1
        self._rng = np.random.default_rng(0)

    def on(self, topic: Topic, message: Action | EpisodeStart) -> None:
        self.stamp_ns += PERIOD_NS
        if isinstance(message, EpisodeStart):
            self.episode_id, self.step = message.episode_id, 0
            zero = np.zeros(2, np.float32)
            self._publish(Action(0, zero, zero, zero, Source.RESET))
        else:
            assert message.stamp_ns == self.stamp_ns - PERIOD_NS
            self.step += 1
            self._publish(replace(message, value=message.value / 2))

    def _publish(self, executed: Action) -> None:
        e, t, stamp = self.episode_id, self.step, self.stamp_ns
        q, six = np.zeros(7, np.float32), np.zeros(6, np.float32)
        wrench = np.array([e, t, 0, 0, 0, 0], np.float32)
        pixels = np.broadcast_to(np.array([e, t, 7], np.uint8), (4, 4, 3)).copy()
        pose = np.eye(4)
        messages = [
            (topics.EXECUTED, replace(executed, stamp_ns=stamp)),
            (topics.REWARD, Reward(stamp, reward(e, t), (e, t) in SUCCESS, (e, t) in FAILURE)),
            (topics.TRUTH, Truth(stamp, e, {})),
            (topics.arm_state("arm"), RobotState(stamp, "arm", q, q, q, pose, six, wrench, 0.0, e)),
            (topics.camera_image("wrist"), Image(stamp, "wrist", pixels)),
        ]
        for i in self._rng.permutation(len(messages)):
            self.publish(*messages[i])


class FakeScheduledOperator:
    """Engaged on the steps of ENGAGED and on no others."""

    def begin(self, start: EpisodeStart) -> None:
        self._episode_id, self._t = start.episode_id, -1

    def see(self, truth: Truth) -> None:
        self._t += 1

    def read(self, stamp_ns: int) -> TeleopCommand:
        axes = np.zeros(6, np.float32)
        axes[:2] = human_action(self._t)
        return TeleopCommand(stamp_ns, "arm", axes, engaged=(self._episode_id, self._t) in ENGAGED)

    def close(self) -> None:
        """Nothing to give back."""


class FakeCountingBase:
    """Reads episode and step from what it sees."""

    def reset(self, seed: int) -> None:
        """Nothing to begin."""

    def drop(self) -> None:
        """Nothing to forget."""

    def act(self, observation: Observation) -> Array:
        return base_action(*observation.state["arm/wrench"][:2])


class FakeConstantCorrection:
    """Adds RESIDUAL to everything, and keeps what it was told; takes no weights."""

    version = VERSION

    def __init__(self) -> None:
        self.told: list[Array | str] = []  # the action before, of every call; "drop"

    def load(self, weights: Weights) -> None:
        raise AssertionError("nobody publishes weights here")

    def swap(self, ready: object) -> None:
        raise AssertionError("nobody publishes weights here")

    def drop(self) -> None:
        self.told.append("drop")

    def act(
        self,
        observation: Observation,
        base_action: Array,
        seed: int | None = None,
        previous_action: Array | None = None,
    ) -> Array:
        assert previous_action is not None
        self.told.append(previous_action)
        return np.full(2, RESIDUAL, np.float32)


class FakeMeanEncoder:
    """A frame's mean colour."""

    def encode(self, images: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {k: v.mean((0, 1)).reshape(FEATURE_SHAPE).astype(np.float16) for k, v in images.items()}


class TailingLearner(Node):
    """Only the learner's reading: polls the store while it is being written."""

    name = "learner"
    period_s = 0.0

    def __init__(self, tail: StoreTail, buffer: ReplayBuffer) -> None:
        self.tail, self.buffer = tail, buffer
        self.records: list[Record] = []

    def tick(self, now_ns: int) -> None:
        for record in self.tail.poll():
            self.records.append(record)
            self.buffer.add(record)
