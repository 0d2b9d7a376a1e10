"""Episode GIFs: every frame there, the border says who drove and how it ended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL")

from PIL import Image as Pillow

from policies.replay.episode import Episode
from robot.core.errors import StoreError
from robot.core.types import EpisodeHeader, Outcome, Source
from robot.session.gif import BAD, BORDER, GOOD, HOLD_FRAMES, HUMAN, POLICY, episode_gif, mosaic_gif


def _episode(steps: int = 6, outcome: Outcome = Outcome.SUCCESS) -> Episode:
    images = np.random.default_rng(0).integers(0, 255, (steps + 1, 24, 32, 3), np.uint8)
    source = np.zeros(steps, np.int8)
    source[2:4] = Source.HUMAN
    none = np.zeros(steps, np.float32)
    return Episode(
        EpisodeHeader(7, "peg_insert", 0, "test", "hash", "train"),
        outcome,
        np.arange(steps + 1),
        **{"state": {}, "images": {"wrist": images, "front": images}, "features": {}},
        **{"base_action": np.zeros((steps + 1, 3), np.float32), "action": np.zeros((steps, 3), np.float32)},
        **{"proposed_action": np.zeros((steps, 3), np.float32), "reward": none, "discount": none},
        **{
            "terminated": none > 0,
            "truncated": none > 0,
            "source": source,
            "weights_version": source,
            "safety": source,
            "dense": np.zeros(steps + 1, np.float32),
            "plan": np.zeros(steps + 1, np.int32),
        },
    )


def _frames(path: Path) -> list[np.ndarray]:
    with Pillow.open(path) as gif:
        frames = []
        for i in range(getattr(gif, "n_frames", 1)):
            gif.seek(i)
            frames.append(np.asarray(gif.convert("RGB")))
        return frames


def test_border_shows_policy_human_and_outcome(tmp_path: Path) -> None:
    episode_gif(_episode(), tmp_path / "a.gif", ["wrist", "front"], scale=2, caption="x" * 200)
    frames = _frames(tmp_path / "a.gif")
    assert frames[0].shape[1] == 2 * (32 + 32) + 2 * BORDER
    colors = [tuple(f[0, 0].tolist()) for f in frames[:7]]
    assert colors == [POLICY, POLICY, HUMAN, HUMAN, POLICY, POLICY, GOOD]


def test_last_frame_stays(tmp_path: Path) -> None:
    episode_gif(_episode(), tmp_path / "a.gif", ["wrist"], fps=10)
    with Pillow.open(tmp_path / "a.gif") as gif:
        total = 0
        for i in range(gif.n_frames):  # type: ignore[attr-defined]
            gif.seek(i)
            total += gif.info["duration"]
    assert total == 100 * (7 + HOLD_FRAMES)


def test_mosaic_keeps_the_end_of_a_short_episode(tmp_path: Path) -> None:
    episodes = [_episode(3, Outcome.TIME_LIMIT), *[_episode(6)] * 10]
    mosaic_gif(episodes, tmp_path / "m.gif", "wrist", scale=1)
    frames = _frames(tmp_path / "m.gif")
    assert frames[0].shape[:2] == (3 * (24 + 2 * BORDER), 3 * (32 + 2 * BORDER))
    assert tuple(frames[0][0, 0].tolist()) == POLICY
    assert tuple(frames[5][0, 0].tolist()) == BAD


def test_unknown_camera_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"episode 7.*'side'.*\['front', 'wrist'\]"):
        episode_gif(_episode(), tmp_path / "a.gif", ["side"])
