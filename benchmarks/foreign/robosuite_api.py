"""A robosuite task on a Panda through the package's own gymnasium wrapper."""

from __future__ import annotations

from benchmarks.foreign.gym_environment import GymEnvironment

CONTROL_HZ = 20
# What robomimic (Mandlekar et al., 2021) calls its low-dimensional observation.
KEYS = ["object-state", "robot0_eef_pos", "robot0_eef_quat", "robot0_gripper_qpos"]


def make(name: str, time_limit: int) -> GymEnvironment:
    """The task with sparse reward; its default controller steps the pose by up to 50 mm and 0.5 rad.

    The package ends an episode at its horizon as if the task had ended; here the adapter counts, and a time
    limit is a truncation.
    """
    import robosuite
    from robosuite.wrappers import GymWrapper

    env = robosuite.make(
        name,
        robots="Panda",
        has_renderer=False,
        has_offscreen_renderer=False,
        use_camera_obs=False,
        reward_shaping=False,
        control_freq=CONTROL_HZ,
        ignore_done=True,
        hard_reset=False,
    )
    wrapped = GymWrapper(env, keys=KEYS, flatten_obs=False)
    return GymEnvironment(wrapped, lambda raw, info: bool(env._check_success()), time_limit)
