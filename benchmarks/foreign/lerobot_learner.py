"""The `lerobot` package's SAC (0.4.4): its policy, losses and replay buffer in the order of its learner.

Settings are the package's, with what its HIL-SERL example for gym_hil changes (batch 256, discount 0.97,
temperature 0.01, two critic updates an actor update, latent 64, clip 10, a gripper critic of three actions).
Its learner runs beside the actor as fast as it can; here it does one optimisation step a control step.

Where the package's own loop would do worse it is helped: its buffer is asked to keep true next states (its
learner does not, and then bootstraps a time limit from the next episode), the state comes normalised as ours
does (its loop feeds it raw), weights act at once, and the evaluation takes the mode (it can only sample).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.policies.sac.configuration_sac import PolicyConfig, SACConfig
from lerobot.policies.sac.modeling_sac import SACPolicy
from lerobot.rl.buffer import ReplayBuffer, concatenate_batch_transitions
from lerobot.utils.constants import ACTION, OBS_STATE

from benchmarks.foreign.environment import Transition
from benchmarks.foreign.statistics import state_statistics
from robot.core.types import Array

BATCH = 256
Model = Literal["actor", "critic", "temperature", "discrete_critic"]
_CLIP = 5.0  # standard deviations, as ours


class LerobotLearner:
    """Half of each batch from the demonstrations, as its learner does with a dataset.

    Args:
        demonstrations: whole episodes, in order.
        gripper_last: whether the last action is a gripper command; it then has its own critic.
        seed: of torch.
    """

    def __init__(self, demonstrations: Sequence[Transition], gripper_last: bool, seed: int) -> None:
        torch.manual_seed(seed)
        first = demonstrations[0]
        self._mean, self._std = state_statistics(demonstrations)
        self._gripper = gripper_last
        self._config = _config(len(first.state), len(first.action), gripper_last)
        self._policy: Any = SACPolicy(self._config).train()
        self._optimizers = _optimizers(self._policy, self._config)
        self._online = _buffer(self._config.online_buffer_capacity)
        self._offline = _buffer(self._config.offline_buffer_capacity)
        for transition in demonstrations:
            self._add(self._offline, transition)
        self._updates = 0
        self.settings = {"batch_size": BATCH, **_plain(self._config)}

    def act(self, state: Array, explore: bool) -> Array:
        """A sample, or tanh of the mean; the gripper critic's best command last."""
        batch = self._state(state)
        with torch.no_grad():
            sample, _, mean = self._policy.actor(batch)
            motion = (sample if explore else torch.tanh(mean))[0].numpy()
            if not self._gripper:
                return motion
            command = self._policy.discrete_critic(batch).argmax(dim=-1).item() - 1.0
        return np.append(motion, command).astype(np.float32)

    def record(self, transition: Transition) -> None:
        """Take in one step of practice."""
        self._add(self._online, transition)

    def update(self) -> None:
        """One optimisation step of its learner."""
        config = self._config
        if len(self._online) < config.online_step_before_learning:
            return
        for _ in range(config.utd_ratio - 1):
            self._critics(self._sample())
            self._policy.update_target_networks()
        batch = self._sample()
        self._critics(batch)
        if self._updates % config.policy_update_freq == 0:
            for _ in range(config.policy_update_freq):
                self._step("actor", batch, self._policy.actor.parameters())
                self._step("temperature", batch, [self._policy.log_alpha])
        self._policy.update_target_networks()
        self._updates += 1

    def _critics(self, batch: Any) -> None:
        self._step("critic", batch, self._policy.critic_ensemble.parameters())
        if self._gripper:
            self._step("discrete_critic", batch, self._policy.discrete_critic.parameters())

    def _step(self, model: Model, batch: Any, parameters: Any) -> None:
        loss = self._policy.forward(batch, model=model)[f"loss_{model}"]
        self._optimizers[model].zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, max_norm=self._config.grad_clip_norm)
        self._optimizers[model].step()

    def _sample(self) -> Any:
        half = BATCH // 2
        return concatenate_batch_transitions(self._online.sample(half), self._offline.sample(half))

    def _state(self, state: Array) -> dict[str, torch.Tensor]:
        normal = np.clip((state - self._mean) / self._std, -_CLIP, _CLIP)
        return {OBS_STATE: torch.from_numpy(normal.astype(np.float32))[None]}

    def _add(self, buffer: ReplayBuffer, t: Transition) -> None:
        action = t.action.copy()
        if self._gripper:
            action[-1] = np.round(action[-1]) + 1.0  # its commands are 0, 1, 2
        buffer.add(
            state=self._state(t.state),
            action=torch.from_numpy(action)[None],
            reward=t.reward,
            next_state=self._state(t.next_state),
            done=t.terminated,
            truncated=t.truncated,
            complementary_info={"discrete_penalty": torch.tensor([t.gripper_penalty])},
        )


def _config(state_size: int, action_size: int, gripper: bool) -> SACConfig:
    motion = action_size - int(gripper)
    return SACConfig(
        input_features={OBS_STATE: PolicyFeature(FeatureType.STATE, (state_size,))},
        output_features={ACTION: PolicyFeature(FeatureType.ACTION, (motion,))},
        num_discrete_actions=3 if gripper else None,
        discount=0.97,
        temperature_init=0.01,
        utd_ratio=2,
        latent_dim=64,
        grad_clip_norm=10.0,
        policy_kwargs=PolicyConfig(std_max=5.0),
        use_torch_compile=False,  # on a CPU it took 71 ms an update against 63 without, and 12 s to start
    )


def _optimizers(policy: SACPolicy, config: SACConfig) -> dict[str, torch.optim.Adam]:
    # As the learner's make_optimizers_and_scheduler: it wants a whole training config for four lines.
    groups = policy.get_optim_params()
    groups["temperature"] = [groups["temperature"]]
    rates = {"actor": config.actor_lr, "temperature": config.temperature_lr}
    return {
        name: torch.optim.Adam(group, lr=rates.get(name, config.critic_lr)) for name, group in groups.items()
    }


def _buffer(capacity: int) -> ReplayBuffer:
    return ReplayBuffer(capacity, device="cpu", state_keys=[OBS_STATE], use_drq=False, optimize_memory=False)


def _plain(config: SACConfig) -> dict[str, object]:
    return {k: v for k, v in vars(config).items() if isinstance(v, int | float | str | type(None))}
