"""Episodes as GIFs: cameras side by side, an amber frame while a person drives, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from policies.replay.episode import Episode
from robot.core.errors import StoreError
from robot.core.types import Outcome, Source

BORDER = 4  # pixels
POLICY, HUMAN = (70, 74, 82), (255, 176, 32)
GOOD, BAD, INK, PAPER = (92, 200, 120), (240, 100, 90), (235, 235, 235), (20, 21, 24)
HOLD_FRAMES = 10  # the last frame stays, so that one can read how it ended
COLORS = 128  # half of what a GIF may have: smaller files, no visible loss at this size


def episode_gif(
    episode: Episode,
    path: Path | str,
    cameras: Sequence[str],
    fps: int = 10,
    scale: int = 2,
    caption: str = "",
) -> None:
    """Write one episode: T + 1 frames of the named cameras side by side, each ``scale`` times as large.

    Raises:
        StoreError: a camera that the episode does not have, or none asked for.
    """
    frames = [_labelled(episode, t, cameras, scale, caption) for t in range(len(episode) + 1)]
    _save(frames, path, fps)


def mosaic_gif(
    episodes: Sequence[Episode], path: Path | str, camera: str, fps: int = 10, scale: int = 1
) -> None:
    """Write up to nine episodes as a grid, all from their first frame; a finished one shows its last.

    Raises:
        StoreError: no episode, or one without that camera.
    """
    if not episodes:
        raise StoreError(f"no episode to show in {path}; record one first")
    chosen = list(episodes)[:9]
    columns = int(np.ceil(np.sqrt(len(chosen))))
    length = max(len(e) for e in chosen) + 1
    _save([_grid(chosen, t, camera, scale, columns) for t in range(length)], path, fps)


def _grid(episodes: Sequence[Episode], t: int, camera: str, scale: int, columns: int) -> Pillow.Image:
    tiles = [_tile(e, min(t, len(e)), [camera], scale, finished=t >= len(e)) for e in episodes]
    width, height = tiles[0].size
    sheet = Pillow.new("RGB", (columns * width, -(-len(tiles) // columns) * height), PAPER)
    for i, tile in enumerate(tiles):
        sheet.paste(tile, ((i % columns) * width, (i // columns) * height))
    return sheet


def _labelled(episode: Episode, t: int, cameras: Sequence[str], scale: int, caption: str) -> Pillow.Image:
    finished = t == len(episode)
    tile = _tile(episode, t, cameras, scale, finished)
    font = ImageFont.load_default(size=13)
    sheet = Pillow.new("RGB", (tile.width, tile.height + 22), PAPER)
    sheet.paste(tile, (0, 0))
    draw, y = ImageDraw.Draw(sheet), tile.height + 11
    human = _human(episode, t)
    status = episode.outcome.name.lower().replace("_", " ") if finished else "human" if human else ""
    color = (GOOD if episode.success else BAD) if finished else HUMAN
    right = f"{status}  {t}/{len(episode)}".strip()
    draw.text((tile.width - BORDER, y), right, color if status else INK, font, anchor="rm")
    room = tile.width - 3 * BORDER - draw.textlength(right, font)
    draw.text((BORDER, y), _fit(draw, caption or episode.header.task, font, room), INK, font, anchor="lm")
    return sheet


def _fit(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float
) -> str:
    while text and draw.textlength(text, font) > room:
        text = text[:-1]
    return text


def _tile(episode: Episode, t: int, cameras: Sequence[str], scale: int, finished: bool) -> Pillow.Image:
    strip = Pillow.fromarray(np.concatenate(_views(episode, t, cameras), axis=1))
    strip = strip.resize((strip.width * scale, strip.height * scale), Pillow.Resampling.BICUBIC)
    edge = HUMAN if _human(episode, t) else POLICY
    if finished:
        edge = GOOD if episode.outcome is Outcome.SUCCESS else BAD
    tile = Pillow.new("RGB", (strip.width + 2 * BORDER, strip.height + 2 * BORDER), edge)
    tile.paste(strip, (BORDER, BORDER))
    return tile


def _views(episode: Episode, t: int, cameras: Sequence[str]) -> list[np.ndarray]:
    missing = [c for c in cameras if c not in episode.images]
    if missing or not cameras:
        number, have = episode.header.episode_id, sorted(episode.images)
        raise StoreError(
            f"episode {number}: asked for cameras {list(cameras)}, it has {have}; name one of those"
        )
    height = episode.images[cameras[0]].shape[1]
    views = [Pillow.fromarray(episode.images[c][t]) for c in cameras]
    return [np.asarray(v.resize((round(v.width * height / v.height), height))) for v in views]


def _human(episode: Episode, t: int) -> bool:
    return t < len(episode) and int(episode.source[t]) == Source.HUMAN


def _save(frames: Sequence[Pillow.Image], path: Path | str, fps: int) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    palette = _palette([*frames[:: max(1, len(frames) // 6)], frames[-1]])
    small = [f.quantize(palette=palette, dither=Pillow.Dither.NONE) for f in frames]
    small += [small[-1].copy()] * HOLD_FRAMES
    small[0].save(path, save_all=True, append_images=small[1:], duration=round(1000 / fps), loop=0)


def _palette(picks: Sequence[Pillow.Image]) -> Pillow.Image:
    # One for all frames, or the picture flickers; the colours that mean something are put in exactly.
    meaning = (POLICY, HUMAN, GOOD, BAD, INK, PAPER)
    sheet = Pillow.new("RGB", (picks[0].width, sum(p.height for p in picks)))
    for i, pick in enumerate(picks):
        sheet.paste(pick, (0, i * pick.height))
    found = sheet.quantize(COLORS - len(meaning)).getpalette() or []
    palette = Pillow.new("P", (1, 1))
    palette.putpalette([*found[: 3 * (COLORS - len(meaning))], *(c for color in meaning for c in color)])
    return palette
