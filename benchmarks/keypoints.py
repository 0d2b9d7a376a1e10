"""Keypoints against the twin's truth: pixel error, 3-D error after lifting, candidates inside masks.

200 randomised scenes, each measured once a commit and kept in runs/keypoints, so that a run that was stopped
goes on; --quick measures 24 of them.

    python -m benchmarks.keypoints --quick
    python -m benchmarks.keypoints
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks.keypoint_scenes.measure import FORMAT, measure
from benchmarks.keypoint_scenes.report import markdown, statistics
from benchmarks.learning_table.commits import DIRTY, head
from benchmarks.learning_table.machine import machine
from policies.tasks import TASKS
from sim.grounding.labelled_twin import LabelledTwin

RESULTS, KEPT = Path(__file__).parent / "results", Path("runs/keypoints")
SCENES, QUICK = 200, 24
GROUNDED = ("peg_insert", "lift", "flip", "cable_route")
FIRST_SEED, SIZE = 5000, 448


def main() -> None:
    """Measure what is not measured yet, print the tables, keep the numbers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    commit = head()
    if commit.endswith(DIRTY):  # what such code measured before, nobody can tell
        shutil.rmtree(KEPT / commit, ignore_errors=True)
    scenes = list(_scenes(QUICK if quick else SCENES, KEPT / commit))
    result = _facts(len(scenes), quick, commit) | statistics(scenes)
    text = markdown(result)
    print(text)
    name = "keypoints_quick" if quick else "keypoints"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    (RESULTS / f"{name}.md").write_text(text)


def _scenes(count: int, kept: Path) -> Iterator[dict[str, Any]]:
    with Progress() as bar:
        job = bar.add_task("scenes", total=count)
        for i, task in enumerate(GROUNDED):
            for scene in _of_task(task, range(FIRST_SEED + i, FIRST_SEED + count, len(GROUNDED)), kept):
                yield scene
                bar.advance(job)


def _of_task(task: str, seeds: range, kept: Path) -> Iterator[dict[str, Any]]:
    kept.mkdir(parents=True, exist_ok=True)
    twin = LabelledTwin(TASKS.load(task), SIZE, "train")
    for seed in seeds:
        path = kept / f"{task}-{seed}.json"
        if not path.exists():
            part = path.with_suffix(".part")
            part.write_text(json.dumps(measure(twin.scene(seed))))
            part.replace(path)
        yield json.loads(path.read_text())
    twin.close()


def _facts(scenes: int, quick: bool, commit: str) -> dict[str, Any]:
    names = ("mujoco", "numpy", "opencv-python-headless")
    return {
        "quick": quick,
        "date": date.today().isoformat(),
        "commit": commit,
        "machine": machine(),
        "versions": ", ".join(f"{name} {version(name)}" for name in names),
        "scenes": scenes,
        "tasks": list(GROUNDED),
        "first_seed": FIRST_SEED,
        "size": SIZE,
        "format": FORMAT,
    }


if __name__ == "__main__":
    main()
