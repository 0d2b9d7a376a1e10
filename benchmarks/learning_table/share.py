"""Equal ground: every arm of a task and seed starts from one imitation session's demonstrations and base."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.learning_table.marker import Marker, base_id, read_marker, write_marker
from policies.replay.episode_store import EpisodeStore
from robot.core.config import to_dict
from robot.core.errors import NudgeError
from robot.session.config import SessionConfig, load_config

# What demonstrations, base and its evaluation depend on; an arm that changes one cannot share them.
_SAME = ("task", "seed", "rig", "demos", "eval_episodes", "encoder", "bc", "hands", "cell")


def start_from(source: Path, target: Path, config: SessionConfig, commit: str) -> None:
    """Make ``target`` a session that has demonstrations, base and that base's evaluation from ``source``.

    It is there whole or not at all. An arm without a base gets the demonstrations alone.

    Raises:
        NudgeError: the arm's settings ask for other demonstrations or another base.
    """
    _require_same(load_config(source / "config.json"), config, target)
    aside = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(aside, ignore_errors=True)
    _copy_demos(source, aside)
    stages = ["demos"]
    if config.use_base:
        stages += ["bc", "base_eval"]
        shutil.copytree(source / "base", aside / "base")
        shutil.copytree(source / "eval" / "base_eval", aside / "eval" / "base_eval")
    _copy_metrics(source, aside, stages)
    origin = read_marker(source)
    assert origin is not None
    write_marker(aside, Marker((commit,), origin.commit, base_id(source)))
    aside.rename(target)


def _require_same(base: SessionConfig, arm: SessionConfig, target: Path) -> None:
    before, after = _with_hands(to_dict(base)), _with_hands(to_dict(arm))
    other = [f"{n}: the base has {before[n]}, got {after[n]}" for n in _SAME if before[n] != after[n]]
    if other:
        raise NudgeError(
            f"{target.name} cannot share demonstrations and base with the other arms: {'; '.join(other)}. "
            "Leave these settings alone in its preset, or delete the base's folder if the defaults changed"
        )


def _with_hands(config: dict[str, Any]) -> dict[str, Any]:
    # Demonstrations depend on how an operator steers; when one steps in is for each arm.
    operator = config["operator"]
    return {**config, "hands": {"hand": operator["hand"], "swing": operator["swing"]}}


def _copy_demos(source: Path, target: Path) -> None:
    store = EpisodeStore(source / "episodes")
    for card in store.cards("demo"):
        path = store.layout.episode(card.header.episode_id)
        shutil.copytree(path, target / path.relative_to(source))


def _copy_metrics(source: Path, target: Path, stages: list[str]) -> None:
    kept, stage = [], ""
    for line in (source / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        stage = row["stage"] if row["kind"] == "stage" else stage
        if stage in stages:
            kept.append(line)
    (target / "metrics.jsonl").write_text("\n".join(kept) + "\n")
