"""A real cell moves by itself only where its rig says that nobody can reach into it, never while stopped."""

from __future__ import annotations

import numpy as np
import pytest

from robot.core import topics
from robot.core.types import DeviceHealth, EpisodeStart, Event, Key, RobotState, Source
from tests.graph.test_arm_node import Cell

IN_PLACE = EpisodeStart(0, 8, 10, in_place=True)


def begun(unattended: bool) -> Cell:
    cell = Cell(unattended)
    cell.begin()
    return cell


def of_the_next(cell: Cell) -> list[RobotState]:
    return [s for s in cell.of(topics.arm_state("arm")) if s.episode_id == 8]


def test_an_attended_cell_refuses_to_be_reset_by_actions(caplog: pytest.LogCaptureFixture) -> None:
    cell = begun(unattended=False)
    cell.command(1.0, source=Source.RESET)
    cell.run(10)
    assert cell.executed[-1].source is Source.HOLD
    assert not cell.executed[-1].value.any()
    assert "unattended: true" in caplog.text


def test_an_attended_cell_waits_for_a_person_whatever_is_asked() -> None:
    cell = begun(unattended=False)
    cell.node.on(topics.EPISODE_START, IN_PLACE)
    cell.run(40)
    assert not of_the_next(cell)
    assert cell.of(topics.SAFETY)[-1].text.startswith("waiting for a person")


def test_an_unattended_cell_begins_where_the_arm_is_with_the_next_step() -> None:
    cell = begun(unattended=True)
    cell.command(1.0, source=Source.RESET)
    cell.run(10)
    assert (cell.executed[-1].source, cell.executed[-1].value[0]) == (Source.RESET, 1.0)
    cell.run(10)
    cell.node.on(topics.EPISODE_START, IN_PLACE)
    cell.run(20)
    first, second = of_the_next(cell)
    sources = {a.stamp_ns: a.source for a in cell.executed}
    assert sources[first.stamp_ns] is Source.RESET
    assert sources[second.stamp_ns] is Source.HOLD
    assert np.linalg.norm(second.T_base_tcp[:3, 3] - first.T_base_tcp[:3, 3]) < 0.001


@pytest.mark.parametrize("trouble", ["stop", "device", "first"])
def test_even_there_a_person_begins_after_a_stop_a_loss_and_at_first(trouble: str) -> None:
    cell = Cell(unattended=True) if trouble == "first" else begun(unattended=True)
    if trouble == "stop":
        cell.node.on(topics.EVENT, Event(0, Key.STOP))
    elif trouble == "device":
        cell.node.on(topics.DEVICES, DeviceHealth(0, "camera/front", False, "the plug is out"))
    cell.node.on(topics.EPISODE_START, IN_PLACE)
    cell.run(40)
    assert not of_the_next(cell)


def test_asked_twice_it_says_again_that_the_episode_began() -> None:
    cell = begun(unattended=True)
    cell.node.on(topics.EPISODE_START, IN_PLACE)
    cell.run(10)
    cell.node.on(topics.EPISODE_START, IN_PLACE)
    assert cell.executed[-1].source is Source.RESET
