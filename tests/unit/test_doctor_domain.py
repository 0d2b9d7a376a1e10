"""Two rigs on one ROS domain id: the message names who is there, and the fix."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from robot.core.errors import NudgeError
from robot.doctor import ros_domain
from robot.doctor.finding import Finding
from robot.rig import ArmRig, RigConfig
from robot.ros import environment
from robot.ros.environment import claim_domain_id, domain_id_is_taken
from tests.unit.rig_parts import twin_limits

DOMAIN = 77


@pytest.fixture(autouse=True)
def _own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_locks", {})
    monkeypatch.setattr(environment, "_lock_path", lambda domain_id: tmp_path / f"{domain_id}.lock")


@pytest.fixture
def other_session(_own_locks: None) -> Iterator[None]:
    lock = os.open(environment._lock_path(DOMAIN), os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield
    os.close(lock)


@pytest.fixture
def rig() -> RigConfig:
    return RigConfig(
        "mine", {"left": ArmRig("twin", twin_limits(), (0.5, 0.0, 0.2), (1.0, 0.0, 0.0, 0.0), 0.005)}
    )


def look(rig: RigConfig, monkeypatch: pytest.MonkeyPatch, nodes: list[str], others=None) -> list[Finding]:
    monkeypatch.setattr(ros_domain, "publishers_of", lambda topics, domain_id: dict.fromkeys(topics, nodes))
    return list(ros_domain.look_at_domain(rig, DOMAIN, others or {}))


@pytest.mark.parametrize(
    ("nodes", "seen"),
    [
        (["/cell"], "/rig/left/state has a publisher already in domain 77: /cell"),
        (["/cell", "/cell"], "/rig/left/state has 2 publishers in domain 77: /cell, /cell"),
    ],
)
def test_a_live_graph_that_drives_the_same_arm(rig, monkeypatch, nodes: list[str], seen: str) -> None:
    (finding,) = look(rig, monkeypatch, nodes)
    assert (finding.verdict, finding.seen) == ("problem", seen)
    assert finding.next_step == "end it, or give one of the rigs another domain_id than 77"


@pytest.mark.usefixtures("other_session")
def test_a_session_that_holds_the_domain_id(rig, monkeypatch) -> None:
    finding = look(rig, monkeypatch, [])[0]
    assert finding.verdict == "problem"
    assert "another Nudge session of this machine has domain id 77" in finding.seen
    assert "another domain_id than 77" in finding.next_step
    with pytest.raises(NudgeError, match=r"two rigs in one domain .* change domain_id in the rig file"):
        claim_domain_id(DOMAIN)


def test_a_rig_file_with_the_same_domain_id_is_a_warning(rig, monkeypatch) -> None:
    (finding,) = look(rig, monkeypatch, [], {"yours": DOMAIN, "theirs": 5, "free": None})
    assert (finding.verdict, finding.seen) == ("warning", "the rigs yours have domain id 77 too")


def test_alone_in_the_domain_is_well(rig, monkeypatch) -> None:
    assert [f.verdict for f in look(rig, monkeypatch, [])] == ["ok"]


def test_a_claim_is_kept_and_known_as_our_own() -> None:
    claim_domain_id(DOMAIN)
    claim_domain_id(DOMAIN)
    assert not domain_id_is_taken(DOMAIN)
    environment._locks.clear()  # as another process would see it
    assert domain_id_is_taken(DOMAIN)
