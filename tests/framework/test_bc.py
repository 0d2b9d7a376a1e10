"""The diffusion base policy: overfits, resumes to the bit, refuses another rig."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from policies.bc.checkpoint import load_tensors
from policies.bc.config import BcConfig
from policies.bc.dataset import windows
from policies.bc.policy import CARD, WEIGHTS, DiffusionPolicy
from policies.bc.trainer import CHECKPOINT, learning_rate, train
from policies.replay.episode import Episode
from robot.core.errors import ConfigError, NudgeError, SpecMismatch
from robot.core.spec import ActionSpec, ArmActionSpec, ObservationSpec, RigSpec
from robot.core.types import EpisodeHeader, Observation, Outcome

ARM = ArmActionSpec("arm", ("x", "y"), 0.01, 0.1, gripper=True)
SPEC = RigSpec(
    ObservationSpec({"pose": (3,), "force": (1,)}, features={"wrist": (2, 2, 4)}), ActionSpec((ARM,))
)
TINY = BcConfig(
    pred_horizon=4, action_horizon=2, widths=(16, 32), train_steps=12, warmup_steps=2, batch_size=8
)


def episode(steps: int, seed: int = 0) -> Episode:
    """A smooth motion; the second state value never moves, the gripper is a constant."""
    rng = np.random.default_rng(seed)
    phase = np.linspace(0, 3, steps + 1, dtype=np.float32)
    pose = np.stack([np.sin(phase), np.full_like(phase, 0.5), phase], axis=1)
    action = np.stack([np.cos(phase), np.sin(phase), np.ones_like(phase)], axis=1)[:-1]
    zeros, flags = np.zeros(steps, np.float32), np.zeros(steps, bool)
    return Episode(
        EpisodeHeader(seed, "test", seed, "nobody", "", "demo"),
        Outcome.SUCCESS,
        stamp_ns=np.arange(steps + 1),
        state={"pose": pose, "force": rng.normal(size=(steps + 1, 1)).astype(np.float32)},
        images={},
        features={"wrist": rng.normal(size=(steps + 1, 2, 2, 4)).astype(np.float16)},
        base_action=np.zeros((steps + 1, 3), np.float32),
        action=action,
        proposed_action=action,
        reward=zeros,
        discount=zeros + 1,
        terminated=flags,
        truncated=flags,
        source=np.zeros(steps, np.int8),
        safety=np.zeros(steps, np.int32),
        dense=np.zeros(steps + 1, np.float32),
        plan=np.zeros(steps + 1, np.int32),
        weights_version=np.zeros(steps, np.int64),
    )


def observation(ep: Episode, t: int) -> Observation:
    return Observation(
        t, {k: v[t] for k, v in ep.state.items()}, features={k: v[t] for k, v in ep.features.items()}
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bc")
    train([episode(20)], SPEC, TINY, folder)
    return folder


def test_overfits_one_episode(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, widths=(32, 64), train_steps=300, batch_size=64, learning_rate=4e-3)
    ep = episode(8)
    losses: list[float] = []
    policy = train([ep], SPEC, config, tmp_path, lambda step, total, loss: losses.append(loss))
    data = windows([ep], SPEC, 4)
    plans = np.stack([policy.plan(observation(ep, t), seed=t) for t in range(8)])
    assert np.square(plans - data.action)[data.valid].mean() < 0.01
    assert len(losses) == 300
    assert losses[-1] < 0.5 * losses[0]


def test_a_killed_training_ends_with_the_same_weights(trained: Path, tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def kill(step: int, total: int, loss: float) -> None:
        if step == 7:
            raise Killed

    config = dataclasses.replace(TINY, checkpoint_every=5)
    train([episode(20)], SPEC, config, tmp_path / "whole")
    with pytest.raises(Killed):
        train([episode(20)], SPEC, config, tmp_path / "killed", kill)
    assert load_tensors(tmp_path / "killed" / CHECKPOINT)[1]["step"] == 5
    steps: list[int] = []
    train([episode(20)], SPEC, config, tmp_path / "killed", lambda step, total, loss: steps.append(step))
    assert steps == list(range(6, 13))
    whole, resumed = (load_tensors(tmp_path / name / CHECKPOINT)[0] for name in ("whole", "killed"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert (tmp_path / "whole" / WEIGHTS).read_bytes() == (tmp_path / "killed" / WEIGHTS).read_bytes()


def test_a_checkpoint_of_other_data_is_refused(trained: Path) -> None:
    with pytest.raises(NudgeError, match="another training"):
        train([episode(21)], SPEC, TINY, trained)


def test_plans_are_bounded_and_the_same_for_a_seed(trained: Path) -> None:
    first, second = DiffusionPolicy.load(trained, SPEC), DiffusionPolicy.load(trained, SPEC)
    now = observation(episode(20), 3)
    plan = first.plan(now, seed=5)
    assert plan.shape == (4, 3)
    assert plan.dtype == np.float32
    assert np.abs(plan).max() <= 1
    assert np.array_equal(plan, second.plan(now, seed=5))
    assert not np.array_equal(plan, first.plan(now, seed=6))
    assert first.fingerprint == second.fingerprint


def test_a_plan_depends_on_state_and_on_features(trained: Path) -> None:
    policy = DiffusionPolicy.load(trained, SPEC)
    now = observation(episode(20), 3)
    moved = dataclasses.replace(now, state={k: v + np.float32(0.5) for k, v in now.state.items()})
    seen = dataclasses.replace(now, features={"wrist": now.features["wrist"] + np.float16(1)})
    plan = policy.plan(now, seed=5)
    assert not np.array_equal(policy.plan(moved, seed=5), plan)
    assert not np.array_equal(policy.plan(seen, seed=5), plan)


def test_load_refuses_another_rig(trained: Path) -> None:
    arm = dataclasses.replace(ARM, translation_scale_m=0.02)
    with pytest.raises(SpecMismatch, match="trained for rig"):
        DiffusionPolicy.load(trained, dataclasses.replace(SPEC, action=ActionSpec((arm,))))


def test_load_names_what_is_missing_or_damaged(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(NudgeError, match=WEIGHTS):
        DiffusionPolicy.load(tmp_path, SPEC)
    (tmp_path / WEIGHTS).write_bytes((trained / WEIGHTS).read_bytes()[:-1])
    (tmp_path / CARD).write_bytes((trained / CARD).read_bytes())
    with pytest.raises(NudgeError, match="is not the file"):
        DiffusionPolicy.load(tmp_path, SPEC)


def test_windows_follow_the_spec_order_and_mask_the_end() -> None:
    ep = episode(5)
    data = windows([ep, episode(3, seed=1)], SPEC, 4)
    assert len(data) == 8
    assert np.array_equal(data.state[2], SPEC.observation.flatten_state(observation(ep, 2)))
    assert np.array_equal(data.action[1], ep.action[1:5])
    assert data.valid.sum(axis=1).tolist() == [4, 4, 3, 2, 1, 3, 2, 1]
    assert not data.action[~data.valid].any()
    assert np.array_equal(data.features["wrist"][4], ep.features["wrist"][4])


def test_a_state_value_that_never_moved_is_not_blown_up() -> None:
    mean, std = windows([episode(20)], SPEC, 4).normaliser()
    assert mean[1] == pytest.approx(0.5)
    assert std[1] == pytest.approx(0.005)


def test_episodes_of_another_rig_are_named() -> None:
    other = dataclasses.replace(episode(5), features={})
    with pytest.raises(SpecMismatch, match=r"features wrist: got None, want \(2, 2, 4\)"):
        windows([other], SPEC, 4)
    with pytest.raises(NudgeError, match="no demonstration"):
        windows([], SPEC, 4)


def test_config_reports_every_problem() -> None:
    with pytest.raises(ConfigError) as caught:
        BcConfig(pred_horizon=7, action_horizon=9, widths=(12, 16), learning_rate=0.0, kernel_size=4)
    assert len(caught.value.problems) == 5


def test_learning_rate_warms_up_and_ends_near_zero() -> None:
    config = BcConfig(train_steps=1100, warmup_steps=100, learning_rate=1.0)
    assert learning_rate(0, config) == pytest.approx(0.01)
    assert learning_rate(100, config) == pytest.approx(1.0)
    assert learning_rate(600, config) == pytest.approx(0.5)
    assert learning_rate(1099, config) < 1e-5
