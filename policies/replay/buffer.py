"""Experience in memory: every observation stored once, sampled by whole-array gathers.

Half of each batch from demonstrations and interventions follows RLPD (Ball et al. 2023) and HIL-SERL
(Luo et al. 2024).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from policies.replay.batch import Batch
from policies.replay.episode import Episode
from policies.replay.look_ahead import DenseRule, base_ahead, look_ahead, previous_action
from policies.replay.rows import Rows
from policies.replay.tail import Record
from policies.replay.taught import taught
from robot.core.errors import StoreError
from robot.core.spec import RigSpec
from robot.core.types import EpisodeEnd, EpisodeHeader, Label, LateLabels, Observation, Outcome, Source, Step


class Counts(NamedTuple):
    """What a buffer holds. An intervention counts as expert and as online."""

    expert: int  # transitions
    online: int  # transitions
    episodes: int  # ever added


class ReplayBuffer:
    """Transitions of demo and train episodes; one thread at a time.

    Args:
        spec: the rig's; state and features must fit it, images are not kept.
        capacity: observations held; beyond it the oldest go, demonstrations added before any train
            episode excepted. Memory is taken as it is used.
        discount: gamma of one control step.
        n_step: control steps a sampled transition spans; fewer at an episode's end, or where a person
            or a plan takes over from the policy.
        seed: of the draws.
        dense: how the reward model's word on observations enters the reward; see `look_ahead`.
        takeover_fails: the policy's steps before a person took over end there with nothing, as a failure
            does, so that values are those of success without help; else the policy's own value there counts.
    """

    def __init__(
        self,
        spec: RigSpec,
        capacity: int,
        discount: float,
        n_step: int = 1,
        seed: int = 0,
        takeover_fails: bool = False,
        dense: DenseRule = "none",
    ) -> None:
        self._spec, self._rows = spec.action, Rows(spec, capacity)
        self._gamma, self._n_step = np.float32(discount), n_step
        self._dense: DenseRule = dense
        self._after_takeover = np.float32(0.0 if takeover_fails else 1.0)
        self._rng = np.random.default_rng(seed)
        self._header: EpisodeHeader | None = None  # the open episode
        self._open = np.zeros(0, np.int64)  # its rows
        self._episodes = 0
        self._drawable: tuple[np.ndarray, np.ndarray] | None = (
            None  # expert and online rows, until they change
        )

    def __len__(self) -> int:
        return int(np.count_nonzero(self._rows.expert | self._rows.online))

    @property
    def counts(self) -> Counts:
        """How much there is to sample."""
        expert, online = self._starts()
        return Counts(len(expert), len(online), self._episodes)

    def add(self, record: Record) -> None:
        """One thing a `StoreTail` yielded: a whole episode, or one message of an open one.

        A step can be sampled once its next observation is here. What follows an unended episode ends it at
        the last observation seen.
        """
        if isinstance(record, Episode):
            self.add_episode(record)
        elif isinstance(record, EpisodeHeader):
            self._begin(record)
        elif isinstance(record, Step):
            self._add_step(record)
        elif isinstance(record, LateLabels):
            self._label(record)
        else:
            self._end(record)

    def add_episode(self, episode: Episode) -> None:
        """A whole episode at once; StoreError for mode eval, SpecMismatch for one that does not fit."""
        self._begin(episode.header)
        rows = self._rows.write(
            episode.state,
            episode.features,
            keep=episode.header.mode == "demo",
            base_action=episode.base_action,
            action=_pad(episode.action),
            taught=_pad(
                self._taught(episode.header, episode.source, episode.action, episode.proposed_action)
            ),
            reward=_pad(episode.reward),
            discount=_pad(episode.discount),
            stop=_pad(episode.terminated | episode.truncated),
            source=_pad(episode.source),
            dense=episode.dense,
            plan=episode.plan,
        )
        self._mark(rows[:-1], episode.header)
        self._learn_from_plan(rows, episode.success)
        self._header = None

    def retract(self, plans: Collection[int]) -> int:
        """Take back what keypoint plans of these versions said of any observation; how many it was."""
        vetoed = np.isin(self._rows.plan, list(plans))
        self._rows.dense[vetoed] = 0.0
        self._rows.plan[vetoed] = 0
        return int(np.count_nonzero(vetoed))

    def sample(self, batch_size: int, expert_fraction: float = 0.5, count: int = 1) -> Batch:
        """``count`` batches in one gather, drawn with replacement; an empty half is filled from the other.

        Raises:
            StoreError: both halves are empty.
        """
        expert, online = self._starts()
        if not len(expert) and not len(online):
            raise StoreError("the replay buffer is empty; record a demonstration or an episode first")
        experts = round(batch_size * expert_fraction) if len(expert) else 0
        experts = experts if len(online) else batch_size
        halves = self._draw(expert, count, experts), self._draw(online, count, batch_size - experts)
        is_expert = np.broadcast_to(np.arange(batch_size) < experts, (count, batch_size))
        return self._gather(np.concatenate(halves, axis=1), is_expert)

    def _gather(self, start: np.ndarray, is_expert: np.ndarray) -> Batch:
        rows = self._rows
        ahead = look_ahead(rows, start, self._n_step, self._gamma, self._after_takeover, self._dense)
        return Batch(
            state=rows.state.take(start, 0),
            features={k: v.take(start, 0) for k, v in rows.features.items()},
            base_action=rows.base_action.take(start, 0),
            action=rows.action.take(start, 0),
            reward=ahead.reward,
            discount=ahead.discount,
            next_state=rows.state.take(ahead.end, 0),
            next_features={k: v.take(ahead.end, 0) for k, v in rows.features.items()},
            next_base_action=rows.base_action.take(ahead.end, 0),
            previous_action=previous_action(rows, start),
            next_previous_action=previous_action(rows, ahead.end),
            actions=ahead.actions,
            base_actions=base_ahead(rows, start, self._n_step),
            next_base_actions=base_ahead(rows, ahead.end, self._n_step),
            present=ahead.present,
            shown=ahead.shown,
            is_expert=is_expert,
            potential=rows.dense.take(start) * np.float32(self._dense == "potential"),
        )

    def _starts(self) -> tuple[np.ndarray, np.ndarray]:
        if self._drawable is None:
            self._drawable = np.flatnonzero(self._rows.expert), np.flatnonzero(self._rows.online)
        return self._drawable

    def _draw(self, rows: np.ndarray, count: int, size: int) -> np.ndarray:
        empty = np.zeros((count, 0), np.int64)
        return rows[self._rng.integers(len(rows), size=(count, size))] if size else empty

    def _begin(self, header: EpisodeHeader) -> None:
        if header.mode not in ("demo", "train"):
            raise StoreError(
                f"episode {header.episode_id} is of mode {header.mode!r}: only demo and train are learned"
            )
        self._header, self._open = header, np.zeros(0, np.int64)
        self._episodes += 1

    def _add_step(self, step: Step) -> None:
        header, source, action = self._expect(step.episode_id), np.array([step.source]), step.action[None]
        self._grow(
            header,
            step.observation,
            base_action=step.base_action[None],
            action=action,
            taught=self._taught(header, source, action, step.proposed_action[None]),
            reward=np.array([step.reward]),
            discount=np.array([step.discount]),
            stop=np.array([step.terminated or step.truncated]),
            source=source,
            **_labelled(step.label),
        )

    def _label(self, late: LateLabels) -> None:
        self._expect(late.episode_id)
        rows = self._open[late.steps]
        self._rows.dense[rows] = late.dense
        self._rows.plan[rows] = late.plan

    def _end(self, end: EpisodeEnd) -> None:
        header = self._expect(end.episode_id)
        # An episode that was cut off ends with its last step's observation, which is here already.
        if end.steps == len(self._open):
            self._grow(header, end.observation, base_action=end.base_action[None], **_labelled(end.label))
        self._learn_from_plan(self._open, end.outcome is Outcome.SUCCESS)
        self._header = None

    def _grow(self, header: EpisodeHeader, observation: Observation, **columns: np.ndarray) -> None:
        state = {k: v[None] for k, v in observation.state.items()}
        features = {k: v[None] for k, v in observation.features.items()}
        row = self._rows.write(state, features, keep=header.mode == "demo", **columns)
        before, self._open = self._open[-1:], np.append(self._open, row)
        self._rows.final[before] = False
        self._mark(before, header)

    def _mark(self, rows: np.ndarray, header: EpisodeHeader) -> None:
        # These have a next observation now. What a person did not decide and no policy chose is no start.
        source = self._rows.source[rows]
        chosen = (source != Source.RESET) & (source != Source.HOLD)
        train = header.mode == "train"
        self._rows.online[rows] = chosen & train
        self._rows.expert[rows] = chosen & ((source == Source.HUMAN) | (not train))
        self._rows.lesson[rows] = source == Source.HUMAN
        self._drawable = None

    def _taught(
        self, header: EpisodeHeader, source: np.ndarray, action: np.ndarray, proposed: np.ndarray
    ) -> np.ndarray:
        # Nothing is proposed in a demonstration: an arm that rests there is to rest.
        if header.mode == "demo":
            return np.ones(action.shape, bool)
        return taught(self._spec, source, action, proposed)

    def _learn_from_plan(self, rows: np.ndarray, success: bool) -> None:
        # A plan that led nowhere is no lesson: critics that know little yet would have it imitated.
        self._rows.lesson[rows] |= success & (self._rows.source[rows] == Source.GUIDE)

    def _expect(self, episode_id: int) -> EpisodeHeader:
        if self._header is None or self._header.episode_id != episode_id:
            got = None if self._header is None else self._header.episode_id
            raise StoreError(f"replay buffer got a record of episode {episode_id}, but the open one is {got}")
        return self._header


def _labelled(label: Label) -> dict[str, np.ndarray]:
    return {"dense": np.array([label.dense]), "plan": np.array([label.plan])}


def _pad(values: np.ndarray) -> np.ndarray:
    # The final observation's row has no action; what stands there is never read.
    return np.concatenate([values, values[-1:]])
