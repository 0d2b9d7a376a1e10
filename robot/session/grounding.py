"""`nudge reward export` and `bench-vlm`: labelled scenes of the twin, and a served model asked about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, track

from policies.rewards.grounding.asking import BOX_SPELLINGS
from policies.rewards.grounding.bench.run import bench
from policies.rewards.grounding.data_set import HELD_OUT, TRAIN, read_split, save_picture, write_split
from policies.rewards.grounding.row import GroundingRow, Labels, Shot, is_answerable, make_row
from policies.rewards.grounding.target import Wants
from policies.rewards.keypoints.pixel_formats import pixel_format
from policies.rewards.vlm.client import VlmClient
from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.errors import RequestRefused, ResponseBroken, ServerFault
from policies.tasks import TASKS
from robot.cell_config import Randomize
from robot.core.errors import NudgeError
from robot.core.registry import load

GROUNDING_TASKS = ("peg_insert", "lift", "flip", "cable_route")
_CELLS: dict[str, tuple[Randomize, int]] = {
    TRAIN: ("train", 0),
    HELD_OUT: ("held_out", 1_000_000),
}  # first seed
_SMALLEST_PX = 32


@dataclass(frozen=True)
class ExportPlan:
    """What to draw: ``scenes`` of a split go round the tasks, its seeds are its own."""

    tasks: tuple[str, ...] = GROUNDING_TASKS
    size: int = 448  # pixels of a side
    coord_format: str = "qwen3-vl"
    boxes: bool = True  # ask for boxes too, where the format has them


def export(plan: ExportPlan, folder: Path, scenes: dict[str, int], console: Console) -> dict[str, int]:
    """Write the splits named in ``scenes`` (split -> number of scenes); returns the rows of each.

    Raises:
        UnknownName: a task, its scene's labels, or a coordinate format that does not exist.
        NudgeError: a size or a number of scenes that makes no pictures.
    """
    _check(plan, scenes)
    return {
        split: write_split(folder, split, _rows(plan, folder, split, n, console))
        for split, n in scenes.items()
    }


def bench_vlm(
    config: VlmConfig, plan: ExportPlan, scenes: int, data: Path | None, out: Path, console: Console
) -> dict[str, Any]:
    """Ask a served model about held-out scenes: those of ``data``, or new ones drawn into ``out``/data.

    Returns the summary, which is in ``out`` too, beside every answer and a picture of the best and worst.
    Raises as `export` and `bench` do, and VlmError where nobody answers at the endpoint.
    """
    pixel_format(plan.coord_format)
    client = VlmClient(config)
    _require_reachable(client)
    if data is None:
        data = out / "data"
        export(plan, data, {HELD_OUT: scenes}, console)
    rows = [r.asked_in(plan.coord_format) for r in read_split(data, HELD_OUT) if r.wants == "point"]

    def progress(rows: Sequence[GroundingRow]) -> Iterator[GroundingRow]:
        yield from track(rows, f"asking {config.model}", console=console)

    return bench(client, rows, data, out, progress)


def _require_reachable(client: VlmClient) -> None:
    """Unreachable or TimedOut before anything is drawn; a server need not list its models."""
    try:
        client.models()
    except (RequestRefused, ResponseBroken, ServerFault):
        return


def _rows(
    plan: ExportPlan, folder: Path, split: str, scenes: int, console: Console
) -> Iterator[GroundingRow]:
    randomize, first = _CELLS[split]
    with Progress(console=console) as bar:
        job = bar.add_task(f"drawing {split}", total=scenes)
        for i, task in enumerate(plan.tasks):
            twin = load("sim.grounding.labelled_twin:LabelledTwin")(TASKS.load(task), plan.size, randomize)
            for seed in range(first + i, first + scenes, len(plan.tasks)):
                yield from _scene_rows(plan, folder, split, twin.scene(seed))
                bar.advance(job)
            twin.close()


def _scene_rows(plan: ExportPlan, folder: Path, split: str, scene: Any) -> Iterator[GroundingRow]:
    for camera, view in scene.views.items():
        image, sha = save_picture(folder, split, f"{scene.task}-{scene.seed}-{camera}", view.frame)
        shot = Shot(scene.task, camera, scene.seed, image, sha, view.info.K, view.T_base_cam)
        for seen in view.things:
            labels = Labels(
                seen.thing.name, seen.thing.words, seen.mask, seen.pixel, seen.visible, seen.point_m
            )
            for wants in _wants(plan):
                if is_answerable(labels, wants):
                    yield make_row(shot, labels, wants, plan.coord_format)


def _wants(plan: ExportPlan) -> tuple[Wants, ...]:
    has_boxes = plan.boxes and pixel_format(plan.coord_format).spelling in BOX_SPELLINGS
    return ("point", "box") if has_boxes else ("point",)


def _check(plan: ExportPlan, scenes: dict[str, int]) -> None:
    pixel_format(plan.coord_format)
    for task in plan.tasks:
        TASKS.load(task)
    if plan.size < _SMALLEST_PX:
        raise NudgeError(f"pictures of {plan.size} px; want at least {_SMALLEST_PX}, such as 448")
    if not plan.tasks or min(scenes.values()) < 1 or max(scenes.values()) > _CELLS[HELD_OUT][1]:
        raise NudgeError(f"{scenes} scenes of {len(plan.tasks)} tasks; want 1 to a million of 1 task or more")
