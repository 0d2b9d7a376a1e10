"""Checkpoints: a resumed run is the uninterrupted one, and damage costs at most one checkpoint."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

import jax
import numpy as np
import pytest

from policies.residual.agent import ResidualAgent
from policies.residual.checkpoint import load, save
from robot.core.errors import SpecMismatch, StoreError
from tests.framework.residual_toys import agent, random_batch, rig


def advance(learner: ResidualAgent, first: int, last: int) -> None:
    for i in range(first, last):
        learner.update(random_batch(rig(), i), train_actor=i % 2 == 0)


def state_bytes(learner: ResidualAgent) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(learner.state)]


def test_a_resumed_run_is_bit_equal_to_the_uninterrupted_one(tmp_path: Path) -> None:
    whole, stopped, resumed = agent(rig()), agent(rig()), agent(rig(), seed=5)
    advance(whole, 0, 6)
    advance(stopped, 0, 3)
    save(tmp_path, stopped, {"episodes": 12})
    assert load(tmp_path, resumed) == {"episodes": 12}
    assert state_bytes(resumed) == state_bytes(stopped)
    advance(resumed, 3, 6)
    assert state_bytes(resumed) == state_bytes(whole)
    assert resumed.step == 6


def test_no_checkpoint_is_none_and_only_two_are_kept(tmp_path: Path) -> None:
    learner = agent(rig())
    assert load(tmp_path / "none", learner) is None
    paths = [save(tmp_path, learner, {"n": i}) for i in range(4)]
    assert sorted(tmp_path.iterdir()) == paths[-2:]
    assert load(tmp_path, learner) == {"n": 3}


@pytest.mark.parametrize("name", ["state.safetensors", "meta.json"])
@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_a_damaged_newest_falls_back_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, keep: float
) -> None:
    learner = agent(rig())
    older = state_bytes(learner)
    first = save(tmp_path, learner, {"n": 1})
    advance(learner, 0, 1)
    newest = save(tmp_path, learner, {"n": 2})
    cut(newest / name, keep)
    with caplog.at_level(logging.ERROR):
        assert load(tmp_path, learner) == {"n": 1}
    assert newest.name in caplog.text
    assert state_bytes(learner) == older
    cut(first / name, keep)
    with pytest.raises(StoreError, match="all 2 checkpoints"):
        load(tmp_path, learner)


def cut(path: Path, keep: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])


def test_a_half_written_checkpoint_does_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = agent(rig())
    save(tmp_path, learner, {"n": 1})

    def full_disk(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full_disk)
        with pytest.raises(StoreError, match="no space"):
            save(tmp_path, learner, {"n": 2})
    assert load(tmp_path, learner) == {"n": 1}
    save(tmp_path, learner, {"n": 3})
    assert load(tmp_path, learner) == {"n": 3}


def test_another_rigs_checkpoint_is_refused(tmp_path: Path) -> None:
    save(tmp_path, agent(rig(1)), {})
    with pytest.raises(SpecMismatch, match="is for spec"):
        load(tmp_path, agent(rig(2)))
