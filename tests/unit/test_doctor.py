"""The doctor: each check tells well from ill by what it measured, and always names the next step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from robot.cameras.driver import Frame
from robot.core.types import RobotState
from robot.doctor import devices, examination, machine, packages, report
from robot.doctor.finding import Finding, ok, problem, warning
from robot.rig import CameraRig
from tests.unit.rig_parts import twin_limits

MS = 1_000_000


def state(stamp_ns: int = 0, **changes: Any) -> RobotState:
    T = np.diag([1.0, -1.0, -1.0, 1.0])
    T[:3, 3] = 0.5, 0.0, 0.2
    still = np.zeros(7, np.float32)
    q = np.array([0.0, 0.25, 0.0, -2.2, 0.0, 2.45, 0.785], np.float32)
    zero = np.zeros(6, np.float32)
    return replace(RobotState(stamp_ns, "arm", q, still, still, T, zero, zero, 0.0), **changes)


def verdicts(findings: Any) -> list[str]:
    return [f.verdict for f in findings]


def test_an_arm_at_rest_inside_its_limits_is_well() -> None:
    assert verdicts(devices.pose_problems("arm", state(), twin_limits())) == ["ok", "ok"]


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"T_base_tcp": np.eye(4)}, "tool at (0.000, 0.000, 0.000) m, outside the workspace"),
        ({"wrench": np.array([0, 0, 25, 0, 0, 0], np.float32)}, "25.0 N and 0.00 Nm at rest, limits 40 N"),
        ({"q": np.full(7, -2.72, np.float32)}, "joint 1 at -2.720 rad, the rig allows -2.700 to 2.700 rad"),
        ({"q": np.zeros(6, np.float32)}, "6 joints measured, limits for 7"),
    ],
)
def test_an_arm_that_would_be_held_at_once_is_told(changes: Any, seen: str) -> None:
    ill = [f for f in devices.pose_problems("arm", state(**changes), twin_limits()) if f.verdict != "ok"]
    assert seen in ill[0].seen
    assert all(f.next_step for f in ill)


@pytest.mark.parametrize(("gap_ms", "verdict"), [(1, "ok"), (100, "warning")])
def test_the_state_must_be_fresher_than_the_limit(gap_ms: int, verdict: str) -> None:
    states = [state(i * gap_ms * MS) for i in range(10)]
    finding = devices.measuring_rate("arm", states, twin_limits())
    assert finding.verdict == verdict
    assert f"every {gap_ms} ms (looked every 2 ms), at worst {gap_ms} ms" in finding.seen


def test_a_state_that_never_changes_is_a_problem() -> None:
    assert devices.measuring_rate("arm", [state()], twin_limits()).verdict == "problem"


@pytest.mark.parametrize(
    ("age_ms", "gap_ms", "pixels", "verdict", "seen"),
    [
        (20, 50, "noise", "ok", "64x48, 20 frames/s, oldest 20 ms"),
        (150, 50, "noise", "warning", "oldest 150 ms; wanted 15 frames/s and at most 100 ms"),
        (20, 100, "noise", "warning", "10 frames/s, oldest 20 ms; wanted 15 frames/s"),
        (20, 50, "black", "warning", "one colour only"),
    ],
)
def test_frames_are_counted_aged_and_looked_at(
    age_ms: int, gap_ms: int, pixels: str, verdict: str, seen: str
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    image = image if pixels == "noise" else np.zeros_like(image)
    stamps = [i * gap_ms * MS for i in range(10)]
    frames = [(t + age_ms * MS, Frame(t, image)) for t in stamps]
    finding = devices.frame_rate("camera", "64x48", frames, CameraRig("fake"))
    assert finding.verdict == verdict
    assert seen in finding.seen


@pytest.mark.parametrize(
    ("finding", "verdict"),
    [
        (lambda: packages.python_version((3, 10)), "problem"),
        (lambda: packages.python_version((3, 12)), "ok"),
        (lambda: machine.space(Path("/"), 0.5), "problem"),
        (lambda: machine.space(Path("/"), 5.0), "warning"),
        (lambda: machine.space(Path("/"), 50.0), "ok"),
        (lambda: machine.speed(Path("/"), 5.0), "warning"),
        (lambda: machine.kernel("#1 SMP PREEMPT_DYNAMIC"), "warning"),
        (lambda: machine.kernel("#1 SMP PREEMPT_RT Tue"), "ok"),
        (lambda: machine.priority(0), "warning"),
        (lambda: machine.priority(-1), "ok"),
        (lambda: machine.priority(99), "ok"),
        (lambda: machine.governor({"powersave", "performance"}), "warning"),
        (lambda: machine.governor({"performance"}), "ok"),
    ],
)
def test_the_machine_is_judged_by_its_numbers(finding: Callable[[], Finding], verdict: str) -> None:
    found = finding()
    assert found.verdict == verdict
    assert (found.next_step == "") == (verdict == "ok")


@pytest.mark.parametrize(
    ("requirement", "verdict", "seen"),
    [
        ('numpy==0.0.1; extra == "x"', "warning", "(tested: 0.0.1)"),
        ('no-such-package==1.0; extra == "x"', "problem", "not installed: no-such-package"),
        (f'numpy=={np.__version__}; extra == "x"', "ok", f"numpy {np.__version__}"),
    ],
)
def test_an_extra_is_compared_with_the_tested_versions(requirement: str, verdict: str, seen: str) -> None:
    finding = packages.extra_versions("x", [requirement, 'other==1.0; extra == "y"'])
    assert finding.verdict == verdict
    assert seen in finding.seen
    assert verdict == "ok" or finding.next_step == "run `pip install 'nudge[x]'`"


def test_an_extra_that_the_installed_nudge_does_not_know_is_not_called_well() -> None:
    finding = packages.extra_versions("new", ['numpy==1.0; extra == "x"'])
    assert (finding.verdict, finding.next_step) == ("warning", "make setup")


def test_the_disk_is_written_to(tmp_path: Path) -> None:
    free, rate = machine.look_at_disk(tmp_path / "runs" / "not-yet")
    assert str(tmp_path) in free.seen
    assert "MB/s" in rate.seen
    assert list(tmp_path.iterdir()) == []


def test_a_faulty_rig_file_is_part_of_the_report(tmp_path: Path) -> None:
    path = tmp_path / "cell.yaml"
    path.write_text("arms: {}\ncamreas: {}\n")
    rig = [f for f in examination.examine(str(path), tmp_path) if f.check == "rig"]
    assert verdicts(rig) == ["problem", "problem"]


@pytest.mark.parametrize(("ill", "status"), [(False, 0), (True, 1)])
def test_a_problem_fails_the_command_and_a_warning_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ill: bool, status: int
) -> None:
    found = [ok("a", "fine"), warning("b", "so so", "do this")] + [problem("c", "bad", "do that")] * ill
    monkeypatch.setattr(report, "examine", lambda rig: iter(found))
    assert report.run_doctor("cell", False, Console()) == status
    text = capsys.readouterr().out
    assert ("-> do that" in text, "nudge jog --rig cell" in text) == (ill, not ill)
    assert report.run_doctor("cell", True, Console()) == status
    assert json.loads(capsys.readouterr().out)["problems"] == int(ill)
