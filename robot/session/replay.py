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
    _print_steps(recorded, console)
    if recorded.images:
        path = out or run_dir / "media" / f"episode-{episode}.gif"
        _write_gif(recorded, path)
        console.print(f"\nGIF: {path}", soft_wrap=True, highlight=False)
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


def _print_steps(e: Episode, console: Console) -> None:
    h = e.header
    console.print(f"episode {h.episode_id}: {h.task}, {h.mode}, seed {h.seed}; {e.outcome.name.lower()}")
    console.print("actions are normalised; residual is executed minus base\n", style="dim")
    width = len(_vector(e.action[0]))
    console.print(f"step  by      {'action':{width}}  {'residual':{width}}  reward  weights", style="bold")
    for t in range(len(e)):
        by = Source(int(e.source[t])).name.lower()
        vectors = f"{_vector(e.action[t])}  {_vector(e.action[t] - e.base_action[t])}"
        line = f"{t:4d}  {by:6}  {vectors}  {e.reward[t]:6g}  {e.weights_version[t]:7d}"
        console.print(line, style="yellow" if by == "human" else None, soft_wrap=True, highlight=False)


def _vector(values: np.ndarray) -> str:
    return " ".join(f"{v:+.2f}" for v in values)


def _write_gif(e: Episode, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        episode_gif(e, path, list(e.images), caption=f"episode {e.header.episode_id}")
    except (OSError, ValueError) as error:  # Pillow's for a suffix it does not know
        raise StoreError(f"{path} cannot be written: {error}") from error
