"""What a keypoint plan says of a stored episode, computed again after the fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from policies.replay.episode import Episode
from policies.rewards.config import RewardConfig
from policies.rewards.followed import MakeObject, Moment
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.scorer import make_scorer
from robot.core.errors import SpecMismatch
from robot.core.se3 import Matrix, from_rot6d, transform
from robot.core.types import Array, Arrays


def score_episode(
    episode: Episode, plan: KeypointPlan, config: RewardConfig, arm: str, make_object: MakeObject
) -> Array:
    """The word [T + 1] on each observation, as a session says it live, whenever the plan comes.

    Args:
        episode: recorded with its arm's start pose.
        plan: to score by, with points in the base frame of ``arm``.
        config: with a rule that is not the sparse one.
        arm: whose tool is scored.
        make_object: follows the point that the plan marked.

    Raises:
        SpecMismatch: the episode does not say where its arm started from, or has fewer observations.
    """
    order = np.arange(len(episode) + 1)
    return score_in_order(episode, plan, config, arm, make_object, order)


def score_as_named(
    episode: Episode,
    plans: Mapping[int, KeypointPlan],
    config: RewardConfig,
    arm: str,
    make_object: Callable[[int], MakeObject],
) -> Array:
    """The word [T + 1] by the plans that the steps name; 0 where they name another.

    ``make_object`` gives what follows the object that a version of the plan marked.
    """
    scores = np.zeros(len(episode) + 1, np.float32)
    for version in plans.keys() & set(episode.plan.tolist()):
        named = episode.plan == version
        scores[named] = score_episode(episode, plans[version], config, arm, make_object(version))[named]
    return scores


def score_in_order(
    episode: Episode,
    plan: KeypointPlan,
    config: RewardConfig,
    arm: str,
    make_object: MakeObject,
    order: NDArray[np.int64],
) -> Array:
    """The word [N] on the episode's observations as if they had come in ``order`` [N].

    The episode's first observation comes before them all, unpaid: the plan is about it, and the session began
    the same way.
    """
    moments = moments_of(episode, arm)
    if not len(order) or order.min() < 0 or order.max() >= len(moments):
        raise SpecMismatch(f"observations {order} of an episode that has {len(moments)}; want some from 0 on")
    scorer = make_scorer(plan, config, make_object)
    scorer.score(moments[0])
    return np.array([scorer.score(moments[t]) for t in order], np.float32)


def moments_of(episode: Episode, arm: str) -> list[Moment]:
    """The T + 1 observations as a reward looks at them; SpecMismatch as `poses_of`."""
    widths = episode.state[f"{arm}/gripper"][:, 0]
    return [
        Moment(_at(episode.state, t), _at(episode.images, t), T, float(widths[t]))
        for t, T in enumerate(poses_of(episode, arm))
    ]


def poses_of(episode: Episode, arm: str) -> list[Matrix]:
    """T_base_tcp [T + 1] of an arm.

    Raises:
        SpecMismatch: the episode was recorded without the arm's start pose.
    """
    names = [f"{arm}/{part}" for part in ("start", "position", "rotation")]
    missing = [name for name in names if name not in episode.state]
    if missing:
        raise SpecMismatch(
            f"episode {episode.header.episode_id} has no {', '.join(missing)}, which say where its tool was; "
            "it was recorded by an older version: record it again"
        )
    start, position, rotation = (np.asarray(episode.state[n], np.float64) for n in names)
    starts = [transform(from_rot6d(s[3:]), s[:3]) for s in start]
    tools = [transform(from_rot6d(r), p) for r, p in zip(rotation, position, strict=True)]
    return [s @ t for s, t in zip(starts, tools, strict=True)]


def _at(arrays: Arrays, t: int) -> Arrays:
    return {name: values[t] for name, values in arrays.items()}
