"""Episodes whose every value says which episode and step it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from policies.replay.batch import Batch
from policies.replay.buffer import ReplayBuffer
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.replay.episode_writer import EpisodeWriter
from robot.core.spec import ActionSpec, ArmActionSpec, ObservationSpec, RigSpec
from robot.core.types import EpisodeEnd, EpisodeHeader, Label, Observation, Outcome, Source, Step

SPEC = RigSpec(
    ObservationSpec({"q": (2,), "tcp": (3,)}, {"wrist": (6, 6, 3)}, {"wrist": (2, 2, 4)}),
    ActionSpec((ArmActionSpec("arm", ("x", "y"), 0.01, 0.1),)),
)


def header(episode_id: int, mode: str = "train") -> EpisodeHeader:
    return EpisodeHeader(episode_id, "peg", 7, "ada", "c0ffee", mode)


def mark(episode_id: int, t: int) -> int:
    return 100 * episode_id + t


def observation(episode_id: int, t: int) -> Observation:
    value = mark(episode_id, t)
    return Observation(
        stamp_ns=value,
        state={"q": np.full(2, value, np.float32), "tcp": np.full(3, -value, np.float32)},
        images={"wrist": np.full((6, 6, 3), value % 256, np.uint8)},
        features={"wrist": np.full((2, 2, 4), value % 1000, np.float16)},
    )


def step(
    episode_id: int, t: int, *, source: Source = Source.POLICY, reward: float = 0.0, terminated: bool = False
) -> Step:
    value = mark(episode_id, t)
    return Step(
        episode_id=episode_id,
        step=t,
        observation=observation(episode_id, t),
        action=np.full(2, value, np.float32),
        base_action=np.full(2, value + 0.5, np.float32),
        proposed_action=np.full(2, value + 0.25, np.float32),
        reward=reward,
        discount=0.0 if terminated else 1.0,
        terminated=terminated,
        truncated=False,
        source=source,
        weights_version=value,
        safety=value,
        label=Label(value + 0.5, value),
    )


def end(episode_id: int, steps: int, outcome: Outcome = Outcome.TIME_LIMIT) -> EpisodeEnd:
    base = np.full(2, mark(episode_id, steps) + 0.5, np.float32)
    value = mark(episode_id, steps)
    return EpisodeEnd(
        episode_id, steps, outcome, observation(episode_id, steps), base, Label(value + 0.5, value)
    )


def record(store: EpisodeStore, episode_id: int, steps: int, mode: str = "train") -> Path:
    writer = store.begin(header(episode_id, mode))
    append_all(writer, steps)
    path = writer.finish(end(episode_id, steps, Outcome.SUCCESS))
    assert path is not None
    return path


def append_all(writer: EpisodeWriter, steps: int) -> None:
    for t in range(steps):
        writer.append(step(writer.header.episode_id, t))


def expect_steps(episode: Episode, steps: int) -> None:
    i = episode.header.episode_id
    assert episode.action[:, 0].tolist() == [mark(i, t) for t in range(steps)]
    assert episode.state["tcp"][:, 0].tolist() == [-mark(i, t) for t in range(steps + 1)]


def draw(replay: ReplayBuffer, *how: float) -> Batch:
    """The first of the sampled batches."""
    return Batch(*(_first(x) for x in replay.sample(*how)))  # type: ignore[arg-type]


def _first(x: Any) -> Any:
    return {k: v[0] for k, v in x.items()} if isinstance(x, dict) else x[0]
