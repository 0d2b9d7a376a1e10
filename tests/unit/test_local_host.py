"""LocalHost: one order of delivery, real messages, no undeclared edges, and everything closed in the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from robot.core.errors import CodecError, SpecMismatch
from robot.core.host import LocalHost
from robot.core.node import Node
from robot.core.topics import EVENT, PROPOSED, REWARD, Topic, camera_image
from robot.core.types import Action, Event, Image, Key, Reward

IMAGE = camera_image("wrist")
STEP_NS = 50_000_000


class Source(Node):
    """Publishes two rewards and an event a tick, and is done after ``ticks``."""

    name = "source"
    outputs = (REWARD, EVENT)
    period_s = 0.0

    def __init__(self, ticks: int = 3) -> None:
        self.left = ticks

    def tick(self, now_ns: int) -> None:
        self.left -= 1
        self.done = self.left <= 0
        stamp_ns = now_ns + STEP_NS
        self.publish(REWARD, Reward(stamp_ns, 1.0))
        self.publish(EVENT, Event(stamp_ns, Key.STOP))
        self.publish(REWARD, Reward(stamp_ns, 2.0))


class Echo(Node):
    """Answers every event with a reward of 9."""

    name = "echo"
    inputs = (EVENT,)
    outputs = (REWARD,)

    def on(self, topic: Topic, message: Any) -> None:
        self.publish(REWARD, Reward(message.stamp_ns, 9.0))


class Log(Node):
    """Keeps what arrives, what it is called for, and when it is ticked."""

    def __init__(self, name: str, *inputs: Topic, period_s: float | None = None) -> None:
        self.name, self.inputs, self.period_s = name, inputs, period_s
        self.seen: list[Any] = []
        self.ticks: list[int] = []
        self.closed = 0

    def on(self, topic: Topic, message: Any) -> None:
        self.seen.append(message)

    def tick(self, now_ns: int) -> None:
        self.ticks.append(now_ns)

    def close(self) -> None:
        self.closed += 1


class Sender(Node):
    """Publishes one message at its start."""

    name = "sender"

    def __init__(self, topic: Topic, message: Any, declared: bool = True) -> None:
        self.outputs = (topic,) if declared else ()
        self.out = (topic, message)

    def start(self) -> None:
        self.publish(*self.out)


class Closer(Node):
    """Writes its name down when closed; may fail at one of its calls."""

    def __init__(self, name: str, order: list[str], fails: str = "") -> None:
        self.name, self.order, self.fails = name, order, fails
        self.period_s = 0.0

    def start(self) -> None:
        self._may_fail("start")

    def tick(self, now_ns: int) -> None:
        self._may_fail("tick")

    def close(self) -> None:
        self.order.append(self.name)
        self._may_fail("close")

    def _may_fail(self, call: str) -> None:
        if call == self.fails:
            raise RuntimeError(f"{self.name} failed at {call}")


def trace() -> list[tuple[str, Any]]:
    log = Log("log", REWARD, EVENT)
    host = LocalHost([Source(), Echo(), log])
    host.run()
    host.deliver()
    return [(m.stamp_ns, getattr(m, "value", "event")) for m in log.seen]


def test_messages_are_delivered_first_in_first_out() -> None:
    # The echo's answer was published while the event was handed out, so it comes after what was queued.
    assert [value for _, value in trace()[:4]] == [1.0, "event", 2.0, 9.0]


def test_two_runs_are_the_same() -> None:
    first = trace()
    assert len(first) == 12
    assert trace() == first


def test_time_is_the_newest_stamp_and_ticks_keep_their_period() -> None:
    log = Log("log", period_s=2 * STEP_NS * 1e-9)
    host = LocalHost([log, Source(ticks=6)])
    host.run()
    assert host.clock.now_ns() == 6 * STEP_NS
    assert log.ticks == [0, 2 * STEP_NS, 4 * STEP_NS]


def test_each_reader_gets_its_own_message() -> None:
    image = Image(0, "wrist", np.zeros((2, 2, 3), np.uint8))
    readers = [Log("a", IMAGE), Log("b", IMAGE)]
    host = LocalHost([Sender(IMAGE, image), *readers])
    with pytest.raises(SpecMismatch):
        host.run(max_idle_ticks=1)
    (a,), (b,) = (r.seen for r in readers)
    assert a is not b
    assert not np.shares_memory(a.pixels, b.pixels)
    assert not np.shares_memory(a.pixels, image.pixels)


@pytest.mark.parametrize(
    ("sender", "error", "told"),
    [
        (Sender(EVENT, Event(0, Key.STOP), declared=False), SpecMismatch, "sender may not publish Event"),
        (Sender(EVENT, Reward(0, 0.0)), SpecMismatch, "sender may not publish Reward"),
        (Sender(PROPOSED, Action(0, *[np.array([{}])] * 3)), CodecError, "dtype object"),
    ],
    ids=["undeclared", "wrong type", "unserialisable"],
)
def test_what_may_not_be_published_raises_in_the_publisher(sender: Sender, error: type, told: str) -> None:
    log = Log("log", EVENT, PROPOSED)
    with pytest.raises(error, match=told):
        LocalHost([sender, log]).run()
    assert not log.seen
    assert log.closed == 1


@pytest.mark.parametrize("fails", ["start", "tick", "close"])
def test_nodes_are_closed_once_in_reverse_order_whatever_failed(fails: str) -> None:
    order: list[str] = []
    nodes = [Closer("a", order), Closer("b", order, fails), Closer("c", order), Source(ticks=2)]
    with pytest.raises(RuntimeError, match=f"b failed at {fails}"):
        LocalHost(nodes).run()
    assert order == ["c", "b", "a"]


def test_an_error_in_close_does_not_hide_the_error_that_ended_the_run() -> None:
    nodes = [Closer("a", [], "tick"), Closer("b", [], "close")]
    with pytest.raises(RuntimeError) as caught:
        LocalHost(nodes).run()
    told = f"{caught.value} {caught.value.__context__}"
    assert "a failed at tick" in told
    assert "b failed at close" in told


def test_a_graph_that_stands_still_is_an_error_and_closes() -> None:
    log = Log("log", REWARD, period_s=0.0)
    with pytest.raises(SpecMismatch, match="stands still at 0 ns"):
        LocalHost([log]).run(max_idle_ticks=5)
    assert log.closed == 1
    assert len(log.ticks) == 6


def test_names_are_unique() -> None:
    with pytest.raises(SpecMismatch, match="share a name"):
        LocalHost([Log("same"), Log("same")])


def test_a_node_without_a_host_says_so() -> None:
    with pytest.raises(RuntimeError, match="before a host ran the node"):
        Echo().on(EVENT, Event(0, Key.STOP))
