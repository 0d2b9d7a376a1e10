"""Which session may go on without a person, and what a lab is told where it may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policies.tasks.peg_insert import PEG_INSERT_STATE as TASK
from robot.arguments import Train
from robot.cli import session_config
from robot.core.errors import ConfigError
from robot.rig import RigConfig
from robot.rig_file import rig_names
from robot.session.config import SessionConfig
from robot.session.job import Job
from robot.session.rigs import is_twin, load_rig
from robot.session.session import prepare
from robot.session.unattended import check_unattended, make_pilot

TWIN = load_rig("twin")


def refused(rig: RigConfig, **changes: object) -> str:
    with pytest.raises(ConfigError) as caught:
        check_unattended(rig, replace(TASK, **changes))
    return "\n".join(caught.value.problems)


def test_no_shipped_rig_with_a_real_arm_is_unattended() -> None:
    rigs = [load_rig(name) for name in rig_names()]
    assert [r.name for r in rigs if r.unattended and not is_twin(r)] == []


def test_a_rig_that_does_not_say_so_is_refused_with_the_next_step() -> None:
    assert "set it to true once nobody can reach" in refused(replace(TWIN, unattended=False))


def test_a_task_without_starts_is_refused() -> None:
    assert "no range for 'arm'" in refused(TWIN, starts=())


def test_starts_that_leave_the_workspace_are_refused() -> None:
    wide = replace(TASK.starts[0], spread_m=(0.02, 0.2, 0.01))
    assert "arms.arm.start_position_m: starts go [0.02, 0.2, 0.01] m either way" in refused(
        TWIN, starts=(wide,)
    )


def test_a_session_is_refused_before_its_folder_is_made(tmp_path: Path) -> None:
    rig = tmp_path / "cell.yaml"
    rig.write_text(
        (Path("launch/rigs/twin.yaml")).read_text().replace("unattended: true", "unattended: false")
    )
    config = SessionConfig(task="peg_insert_state", rig=str(rig), autonomous=True)
    with pytest.raises(ConfigError, match="unattended"):
        prepare(tmp_path / "run", config)
    assert not (tmp_path / "run").exists()


def test_only_practice_goes_on_without_a_person(tmp_path: Path) -> None:
    config = session_config(Train(task="peg_insert_state", autonomous=True))
    assert config.autonomous
    assert make_pilot(Job(tmp_path, config, "online")) is not None
    assert make_pilot(Job(tmp_path, config, "final_eval")) is None
    assert make_pilot(Job(tmp_path, replace(config, autonomous=False), "online")) is None
