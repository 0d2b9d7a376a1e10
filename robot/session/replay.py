"""`nudge replay`: a table of a store's episodes, or one of them step by step and as a GIF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from robot.core.errors import NudgeError, StoreError
from robot.core.types import Source
from robot.session.gif import episode_gif

_BY = {Source.HUMAN: "human", Source.POLICY: "policy", Source.RESET: "reset", Source.HOLD: "hold"}


def show(run_dir: Path, episode: int | None, out: Path | None, console: Console) -> None:
    """Print what is stored in ``run_dir``, a run's or an evaluation worker's folder.

    Raises:
        StoreError: no such episode, or a damaged one. NudgeError: nothing recorded there.
    """
    store = _store(run_dir)
    if episode is None:
        console.print(_episodes(store, run_dir))
        return
    _require(store, episode)
    recorded = store.read(episode)
    console.print(_steps(recorded))
    if recorded.images:
        console.print(f"GIF: {_gif(recorded, out or run_dir / 'media' / f'episode-{episode}.gif')}")
    elif out is not None:
        raise StoreError(f"episode {episode} has no cameras, so {out} was not written")


def _store(run_dir: Path) -> EpisodeStore:
    root = run_dir if (run_dir / "journal").is_dir() else run_dir / "episodes"
    if not root.is_dir():
        raise NudgeError(
            f"nothing is recorded in {run_dir}; give the folder of a run, such as runs/lift-demos-0"
        )
    return EpisodeStore(root)


def _require(store: EpisodeStore, episode: int) -> None:
    ids = store.ids()
    if episode not in ids:
        stored = f"{len(ids)} from {ids[0]} to {ids[-1]}" if ids else "none"
        raise StoreError(f"no episode {episode} in {store.layout.root}; stored: {stored}")


def _episodes(store: EpisodeStore, run_dir: Path) -> Table:
    table = Table(title=str(run_dir), title_justify="left", caption_justify="left")
    for name in ("id", "mode", "outcome", "steps", "human steps", "weights version"):
        table.add_column(name, justify="left" if name in ("mode", "outcome") else "right")
    for number in store.ids():
        table.add_row(str(number), *_summary(store, number))
    return table


def _summary(store: EpisodeStore, number: int) -> list[str]:
    try:
        e = store.read(number)
    except StoreError:
        return ["", "[red]damaged[/]"]
    human = int((e.source == Source.HUMAN).sum())
    colour = "green" if e.success else "red"
    version = int(e.weights_version.max(initial=0))
    outcome = f"[{colour}]{e.outcome.name.lower()}[/]"
    return [e.header.mode, outcome, str(len(e)), str(human or ""), str(version or "")]


def _steps(e: Episode) -> Table:
    h, title = e.header, f"episode {e.header.episode_id}: {e.outcome.name.lower()} after {len(e)} steps"
    caption = f"{h.task}, {h.mode}, seed {h.seed}; actions are normalised, residual = executed - base"
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    for name in ("step", "by", "action", "residual", "reward", "weights"):
        table.add_column(name, no_wrap=True, justify="left" if name == "by" else "right")
    for t in range(len(e)):
        by = _BY[Source(int(e.source[t]))]
        row = [by, _vector(e.action[t]), _vector(e.action[t] - e.base_action[t])]
        style = "yellow" if by == "human" else ""
        table.add_row(str(t), *row, f"{e.reward[t]:g}", str(e.weights_version[t]), style=style)
    return table


def _vector(values: np.ndarray) -> str:
    return " ".join(f"{v:+.2f}" for v in values)


def _gif(e: Episode, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    episode_gif(e, path, list(e.images), caption=f"episode {e.header.episode_id}")
    return path
