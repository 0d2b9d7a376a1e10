"""The other processes of test_ros_host.py: `python host_children.py ROLE`."""

import logging
import sys
import time

import numpy as np

from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Service, Topic
from robot.core.types import Action, Image, RobotState, Status, Weights
from robot.ros.host import RosHost

FRAME = Image(
    1_500_000_000_000_000_123, "wrist", np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
)
IMAGE = topics.camera_image("wrist")
STATE = topics.arm_state("left")
PAYLOAD = np.random.default_rng(1).bytes(1_300_000)
COUNT = Topic("/test/count", Action, Service.STREAM)
ROUNDS = 300


def action(stamp_ns: int) -> Action:
    zero = np.zeros(7, np.float32)
    return Action(stamp_ns, zero, zero, zero)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Ping(Node):
    """Measures ROUNDS round trips, counting the rounds in the stamps."""

    name, inputs, outputs = "ping", (topics.EXECUTED,), (topics.COMMAND,)

    def start(self) -> None:
        self.took_us: list[float] = []
        self.send(1)

    def send(self, number: int) -> None:
        self.sent = time.perf_counter()
        self.publish(topics.COMMAND, action(number))

    def on(self, topic: Topic, message: Action) -> None:
        self.took_us.append((time.perf_counter() - self.sent) * 1e6)
        if message.stamp_ns == ROUNDS:
            self.done = True
            p50, p99 = np.percentile(self.took_us, [50, 99])
            say(f"round trips {len(self.took_us)} p50_us {p50:.0f} p99_us {p99:.0f}")
        else:
            self.send(message.stamp_ns + 1)


class Pong(Node):
    """Answers every command; prints the newest simulated time its ticks saw."""

    name, inputs, outputs, period_s = "pong", (topics.COMMAND,), (topics.EXECUTED,), 0.01
    newest_ns = answered = 0

    def on(self, topic: Topic, message: Action) -> None:
        self.publish(topics.EXECUTED, message)
        self.answered += 1

    def tick(self, now_ns: int) -> None:
        self.newest_ns = max(self.newest_ns, now_ns)
        self.done = self.newest_ns == self.answered == ROUNDS

    def close(self) -> None:
        say(f"newest {self.newest_ns}")


class Camera(Node):
    """Publishes one raw frame and one arm state again and again, until it is stopped."""

    name, outputs, period_s = "camera", (IMAGE, STATE, topics.ACTOR_STATUS), 0.1

    def tick(self, now_ns: int) -> None:
        j, v = np.arange(7, dtype=np.float32), np.arange(6, dtype=np.float32)
        T = np.eye(4)
        T[:3, 3] = 1.0, 2.0, 3.0
        self.publish(IMAGE, FRAME)
        self.publish(topics.ACTOR_STATUS, Status(now_ns, "camera", {"fps": 9.5}, "well"))
        self.publish(STATE, RobotState(now_ns, "left", j, j, j, T, v, v, 0.04))

    def close(self) -> None:
        say("closed")


class Ticker(Node):
    """Ticks at 100 Hz for a second, then fails."""

    name, period_s = "ticker", 0.01

    def start(self) -> None:
        self.at: list[int] = []

    def tick(self, now_ns: int) -> None:
        self.at.append(now_ns)
        if len(self.at) == 101:
            say(f"ticks {len(self.at)} in_ms {(self.at[-1] - self.at[0]) / 1e6:.0f}")
            raise ValueError("the node's own mistake")

    def close(self) -> None:
        say("closed")


class Learner(Node):
    """Publishes weights once, at the start."""

    name, outputs = "learner", (topics.WEIGHTS,)

    def start(self) -> None:
        self.publish(topics.WEIGHTS, Weights(3, 40, "fingerprint", PAYLOAD, "signature"))
        say("published")


class Counter(Node):
    """Reads a stream, logs what is dropped, prints the sum of the stamps at the end."""

    name, inputs, total = "counter", (COUNT,), 0

    def on(self, topic: Topic, message: Action) -> None:
        self.total += message.stamp_ns
        self.done = message.stamp_ns == 99
        say(f"got {message.stamp_ns}")


class Burst(Node):
    """Publishes a hundred messages and is done at once: nothing may be lost."""

    name, outputs = "burst", (COUNT,)

    def start(self) -> None:
        for number in range(100):
            self.publish(COUNT, action(number))
        self.done = True

    def close(self) -> None:
        say("burst closed")


class Undeclared(Node):
    """Publishes what it did not declare."""

    name, outputs = "undeclared", (topics.ACTOR_STATUS,)

    def start(self) -> None:
        for topic, message in ((topics.COMMAND, action(1)), (topics.ACTOR_STATUS, action(1))):
            try:
                self.publish(topic, message)
            except Exception as error:
                say(f"{type(error).__name__}: {error}")
        self.publish(topics.ACTOR_STATUS, Status(1, "undeclared", {}))
        self.done = True


ROLES = {
    "ping": lambda: RosHost(
        [Ping()], sim_time=True, clock_source=True, wait_for=[topics.COMMAND, topics.EXECUTED]
    ),
    "pong": lambda: RosHost([Pong()], sim_time=True, wait_for=[topics.EXECUTED]),
    "camera": lambda: RosHost([Camera()], sim_time=False),
    "ticker": lambda: RosHost([Ticker()], sim_time=False),
    "learner": lambda: RosHost([Learner()], sim_time=False),
    "counter": lambda: RosHost([Counter()], sim_time=False),
    "burst": lambda: RosHost([Burst()], sim_time=False, wait_for=[COUNT]),
    "loopback": lambda: RosHost([Burst(), Counter()], sim_time=False, wait_for=[COUNT]),
    "lonely": lambda: RosHost([Ping()], sim_time=False, wait_for=[topics.EXECUTED], wait_timeout_s=0.3),
    "undeclared": lambda: RosHost([Undeclared()], sim_time=False),
}

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    try:
        ROLES[sys.argv[1]]().run()
    except KeyboardInterrupt:
        raise SystemExit(0) from None
