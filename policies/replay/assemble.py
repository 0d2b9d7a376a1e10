"""Recorded messages to an Episode and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from policies.replay.episode import Episode
from robot.core.errors import StoreError
from robot.core.types import (
    Arrays,
    EpisodeEnd,
    EpisodeHeader,
    Label,
    LateLabels,
    Observation,
    Outcome,
    Source,
    Step,
)


def assemble(header: EpisodeHeader, steps: Sequence[Step], end: EpisodeEnd) -> Episode:
    """T >= 1 steps and their end as arrays."""
    observations = [*(s.observation for s in steps), end.observation]
    labels = [*(s.label for s in steps), end.label]
    base = [*(s.base_action for s in steps), end.base_action]
    # An episode that was cut off (a device was lost) ends with a step that did not know it was the last.
    truncated = [s.truncated for s in steps[:-1]] + [not steps[-1].terminated]
    return Episode(
        header=header,
        outcome=end.outcome,
        stamp_ns=np.array([o.stamp_ns for o in observations], np.int64),
        state=_stack([o.state for o in observations], np.float32),
        images=_stack([o.images for o in observations], np.uint8),
        features=_stack([o.features for o in observations], np.float16),
        base_action=np.stack(base).astype(np.float32, copy=False),
        action=np.stack([s.action for s in steps]).astype(np.float32, copy=False),
        proposed_action=np.stack([s.proposed_action for s in steps]).astype(np.float32, copy=False),
        reward=np.array([s.reward for s in steps], np.float32),
        discount=np.array([s.discount for s in steps], np.float32),
        terminated=np.array([s.terminated for s in steps], bool),
        truncated=np.array(truncated, bool),
        source=np.array([s.source for s in steps], np.int8),
        weights_version=np.array([s.weights_version for s in steps], np.int64),
        safety=np.array([s.safety for s in steps], np.int32),
        dense=np.array([x.dense for x in labels], np.float32),
        plan=np.array([x.plan for x in labels], np.int32),
    )


def assemble_cut(header: EpisodeHeader, steps: Sequence[Step]) -> Episode | None:
    """An episode without an end: T - 1 steps, ABORTED; None where no step has a next observation.

    The last step's observation becomes the final one, because what its action led to was never seen.
    """
    if len(steps) < 2:
        return None
    *kept, last = steps
    kept[-1] = dataclasses.replace(kept[-1], truncated=not kept[-1].terminated)
    ended = (header.episode_id, len(kept), Outcome.ABORTED)
    final = EpisodeEnd(*ended, last.observation, last.base_action, last.label)
    return assemble(header, kept, final)


def relabelled(steps: Sequence[Step], late: LateLabels) -> list[Step]:
    """The steps with what was said late of some of them; StoreError for one that is not there."""
    labelled = list(steps)
    for number, dense, plan in zip(late.steps.tolist(), late.dense.tolist(), late.plan.tolist(), strict=True):
        if not 0 <= number < len(labelled):
            got = f"got a late label of step {number}, want one below {len(labelled)}"
            raise StoreError(f"episode {late.episode_id}: {got}")
        labelled[number] = dataclasses.replace(labelled[number], label=Label(dense, plan))
    return labelled


def messages_from(episode: Episode, start: int) -> list[Step | LateLabels | EpisodeEnd]:
    """What the journal held after step number ``start`` before it was finalised: late labels of the steps up
    to there, the other steps, the end."""
    messages: list[Step | LateLabels | EpisodeEnd] = [_step(episode, t) for t in range(start, len(episode))]
    named = np.flatnonzero(episode.plan[:start]).astype(np.int32)
    if len(named):
        said = episode.dense[named], episode.plan[named]
        messages.insert(0, LateLabels(episode.header.episode_id, named, *said))
    final = observation_at(episode, len(episode))
    ended = (episode.header.episode_id, len(episode), episode.outcome)
    return [*messages, EpisodeEnd(*ended, final, episode.base_action[-1], _label(episode, len(episode)))]


def observation_at(episode: Episode, t: int) -> Observation:
    """Observation ``t`` of T + 1."""
    parts: dict[str, Any] = {
        part: {name: array[t] for name, array in getattr(episode, part).items()}
        for part in ("state", "images", "features")
    }
    return Observation(int(episode.stamp_ns[t]), **parts)


def _step(episode: Episode, t: int) -> Step:
    return Step(
        episode_id=episode.header.episode_id,
        step=t,
        observation=observation_at(episode, t),
        action=episode.action[t],
        base_action=episode.base_action[t],
        proposed_action=episode.proposed_action[t],
        reward=float(episode.reward[t]),
        discount=float(episode.discount[t]),
        terminated=bool(episode.terminated[t]),
        truncated=bool(episode.truncated[t]),
        source=Source(episode.source[t]),
        weights_version=int(episode.weights_version[t]),
        safety=int(episode.safety[t]),
        label=_label(episode, t),
    )


def _label(episode: Episode, t: int) -> Label:
    return Label(float(episode.dense[t]), int(episode.plan[t]))


def _stack(parts: Sequence[Arrays], dtype: type) -> Arrays:
    return {k: np.stack([p[k] for p in parts]).astype(dtype, copy=False) for k in parts[0]}
