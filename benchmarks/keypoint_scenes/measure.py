"""One labelled scene: pointed at, lifted and searched for candidates, each against the twin's truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from policies.rewards.grounding.asking import reply_at
from policies.rewards.grounding.mask_rle import encode
from policies.rewards.grounding.target import Target
from policies.rewards.grounding.verdict import judge
from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.candidates import candidates
from policies.rewards.keypoints.lift import LiftError, depth_at, from_depth, from_height, triangulate
from policies.rewards.keypoints.masks import ColourSegmenter, DepthSegmenter, NoObject, Segmenter
from policies.rewards.keypoints.table_plane import NoTable
from sim.grounding.view import LabelledScene, LabelledThing, LabelledView

FORMAT = "qwen3-vl"
POINTINGS: Mapping[str, float] = {"oracle": 0.0, "noisy 2 px": 2.0, "noisy 8 px": 8.0}
_LEAST_STD_PX = 2.0  # what lifting assumes of an error, at least
_LIFTS = (LiftError, NoTable)


@dataclass(frozen=True)
class Measured:
    """One error: ``pixel`` in px; ``views 2`` and ``3``, ``depth``, ``height`` in mm; None where refused."""

    pointing: str
    what: str
    thing: str
    camera: str
    error: float | None


@dataclass(frozen=True)
class Searched:
    """What a segmenter's candidates lie on, in one view."""

    segmenter: str
    camera: str
    candidates: int
    on_things: int  # anything but table and sky: the arm and the cable too
    main_seen: bool  # the task's own thing is in sight in this view ...
    main_found: bool  # ... and has a candidate


def measure(scene: LabelledScene) -> dict[str, Any]:
    """Everything about one scene, as JSON takes it; noise is drawn from the scene's seed."""
    rng = np.random.default_rng([scene.seed, 41])
    measured = [asdict(m) for name, sigma in POINTINGS.items() for m in _points(scene, name, sigma, rng)]
    searched = [asdict(s) for camera in ("wrist", "front") for s in _searches(scene.views[camera], camera)]
    return {"task": scene.task, "seed": scene.seed, "measured": measured, "searched": searched}


def _points(
    scene: LabelledScene, pointing: str, sigma_px: float, rng: np.random.Generator
) -> Iterator[Measured]:
    std = max(sigma_px, _LEAST_STD_PX)
    for i, thing in enumerate(next(iter(scene.views.values())).things):
        pixels: dict[str, np.ndarray] = {}
        cameras: dict[str, PinholeCamera] = {}
        for name, view in scene.views.items():
            seen = view.things[i]
            if seen.visible:
                pixels[name] = _said(seen, sigma_px, rng)
                cameras[name] = PinholeCamera.from_info(view.info, view.T_base_cam)
                off_px = float(np.linalg.norm(pixels[name] - seen.pixel))
                yield Measured(pointing, "pixel", thing.thing.name, name, off_px)
                yield from _one_view(view, seen, pixels[name], cameras[name], pointing, name, std)
        yield from _views(thing, pixels, cameras, pointing, std)


def _said(seen: LabelledThing, sigma_px: float, rng: np.random.Generator) -> np.ndarray:
    """The pixel that is read from the reply of a model that is ``sigma_px`` off on each axis."""
    height, width = seen.mask.shape
    truth = ([seen.pixel.tolist()], [encode(seen.mask)], [[0.0, 0.0, 1.0, 1.0]], True)
    target = Target(seen.thing.name, "point", FORMAT, width, height, *truth)
    said = judge(reply_at(seen.pixel + rng.normal(size=2) * sigma_px, target), target).pixel
    assert said is not None
    return said


def _one_view(
    view: LabelledView,
    seen: LabelledThing,
    pixel: np.ndarray,
    camera: PinholeCamera,
    pointing: str,
    name: str,
    std: float,
) -> Iterator[Measured]:
    label = seen.thing.name
    if seen.thing.on_surface:
        yield Measured(pointing, "depth", label, name, _depth_mm(view, seen, pixel, camera, std))
    yield Measured(pointing, "height", label, name, _height_mm(seen, pixel, camera, std))


def _depth_mm(
    view: LabelledView, seen: LabelledThing, pixel: np.ndarray, camera: PinholeCamera, std: float
) -> float | None:
    try:
        return _off_mm(from_depth(pixel, float(depth_at(view.depth_m, pixel)[0]), camera, std).point_m, seen)
    except LiftError:
        return None


def _height_mm(seen: LabelledThing, pixel: np.ndarray, camera: PinholeCamera, std: float) -> float | None:
    try:
        return _off_mm(from_height(pixel, camera, float(seen.point_m[2]), std).point_m, seen)
    except LiftError:
        return None


def _views(
    thing: LabelledThing,
    pixels: Mapping[str, np.ndarray],
    cameras: Mapping[str, PinholeCamera],
    pointing: str,
    std: float,
) -> Iterator[Measured]:
    for names in (("wrist", "front"), ("wrist", "front", "room")):
        if all(name in pixels for name in names):
            used = {name: pixels[name] for name in names}
            try:
                lifted = triangulate(used, cameras, std, max_residual_px=5 * std)
                error = _off_mm(lifted.point_m, thing)
            except LiftError:
                error = None
            yield Measured(pointing, f"views {len(names)}", thing.thing.name, "+".join(names), error)


def _off_mm(point_m: np.ndarray, seen: LabelledThing) -> float:
    return 1000 * float(np.linalg.norm(point_m - seen.point_m))


def _searches(view: LabelledView, camera: str) -> Iterator[Searched]:
    calibrated = PinholeCamera.from_info(view.info, view.T_base_cam)
    segmenters: dict[str, Segmenter] = {"colour": ColourSegmenter(), "depth": DepthSegmenter(calibrated)}
    for name, segmenter in segmenters.items():
        yield _search(view, camera, name, segmenter)


def _search(view: LabelledView, camera: str, name: str, segmenter: Segmenter) -> Searched:
    main = view.things[0]
    try:
        marks = candidates(segmenter.propose(view.frame, view.depth_m))
    except (NoObject, NoTable):
        return Searched(name, camera, 0, 0, main.visible, False)
    columns, rows = np.rint([m.pixel for m in marks]).astype(int).T
    on_things = int((~view.background[rows, columns]).sum())
    return Searched(name, camera, len(marks), on_things, main.visible, bool(main.mask[rows, columns].any()))
