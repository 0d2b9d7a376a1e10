"""What comes before and after sampled rows, by whole-array gathers: n-step returns, actions, neighbours."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from policies.replay.rows import Rows
from policies.rewards.shaping.shaped_reward import telescoped
from robot.core.types import Array, Source

# A potential is shaped by (Ng, Harada and Russell 1999); a reward is paid until success, as KAGI does.
DenseRule = Literal["none", "potential", "reward"]


class Ahead(NamedTuple):
    """The n steps from each start on, or those up to where its episode stops."""

    reward: Array  # [K, B] discounted sum
    discount: Array  # [K, B] what is left for the bootstrap
    end: np.ndarray  # [K, B] row to bootstrap from
    actions: Array  # [K, B, n, A] executed; zeros in missing steps
    present: np.ndarray  # [K, B, n] bool: nothing stopped before
    shown: np.ndarray  # [K, B, n, A] bool: of a lesson or a demonstration


def look_ahead(
    rows: Rows,
    start: np.ndarray,
    n: int,
    gamma: np.float32,
    after_takeover: np.float32,
    dense: DenseRule = "none",
) -> Ahead:
    """From rows [K, B] n steps on; fewer at an episode's end, or where a person or a plan takes over.

    Args:
        rows: what is stored.
        start: where each sample begins.
        n: control steps.
        gamma: the discount of one of them.
        after_takeover: factor on the discount where a person takes over.
        dense: what the rows' dense values are. A potential pays ``discount * end's - start's``, which is
            what its steps' differences add up to; a reward is paid at each step for where it led, but for
            steps that earned something.
    """
    row = start
    reward, discount = np.zeros(start.shape, np.float32), np.ones(start.shape, np.float32)
    alive = np.ones(start.shape, bool)
    by_hand, by_policy = (rows.source[start] == s for s in (Source.HUMAN, Source.POLICY))
    actions, present, shown = [], [], []
    for _ in range(n):
        present.append(alive)
        teaches = alive & (rows.expert[row] | rows.lesson[row])
        shown.append(teaches[..., None] & rows.taught.take(row, 0))
        actions.append(np.where(alive[..., None], rows.action.take(row, 0), np.float32(0)))
        reward += np.where(alive, discount * rows.reward[row], np.float32(0))
        following = np.where(alive, rows.after(row), row)
        if dense == "reward":
            unpaid = alive & (rows.reward[row] <= 0)
            reward += np.where(unpaid, discount * rows.dense[following], np.float32(0))
        discount *= np.where(alive, gamma * rows.discount[row], np.float32(1))
        alive = alive & ~rows.stop[row] & ~rows.final[following]
        # A rescue must not excuse what led to it.
        taken_over = alive & ~by_hand & (rows.source[following] == Source.HUMAN)
        discount *= np.where(taken_over, after_takeover, np.float32(1))
        guided = by_policy & (rows.source[following] == Source.GUIDE)
        alive = alive & ~taken_over & ~guided
        row = following
    if dense == "potential":
        reward += telescoped(rows.dense[start], rows.dense[row], discount)
    steps = np.stack(actions, axis=-2), np.stack(present, axis=-1), np.stack(shown, axis=-2)
    return Ahead(reward, discount, row, *steps)


def base_ahead(rows: Rows, start: np.ndarray, n: int) -> Array:
    """The base's actions [K, B, n, A] from rows [K, B] on, whoever drove; the last one known is repeated."""
    row, actions = start, []
    for _ in range(n):
        actions.append(rows.base_action.take(row, 0))
        row = np.where(rows.final[row], row, rows.after(row))
    return np.stack(actions, axis=-2)


def previous_action(rows: Rows, row: np.ndarray) -> Array:
    """What was executed just before rows [K, B]: [K, B, A], zeros where no row before is of the episode."""
    before, known = rows.before(row)
    return np.where(known[..., None], rows.action.take(before, 0), np.float32(0))
