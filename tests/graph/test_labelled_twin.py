"""The twin's labels against what its own cameras draw: projections, depth, masks, what hides what."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.tasks import TASKS
from robot.core.errors import UnknownName
from sim.grounding.labelled_twin import CAMERAS, LabelledTwin
from sim.grounding.things import THINGS
from sim.grounding.view import LabelledScene, LabelledThing

SIZE = 192


@pytest.fixture(scope="module", params=sorted(THINGS))
def scenes(request: pytest.FixtureRequest) -> Iterator[list[LabelledScene]]:
    twin = LabelledTwin(TASKS.load(request.param), SIZE, "train")
    yield [twin.scene(seed) for seed in (3, 4, 3)]
    twin.close()


def labels(scenes: list[LabelledScene]) -> Iterator[tuple[PinholeCamera, np.ndarray, LabelledThing]]:
    for scene in scenes:
        for view in scene.views.values():
            camera = PinholeCamera.from_info(view.info, view.T_base_cam)
            yield from ((camera, view.depth_m, seen) for seen in view.things)


def test_labels_are_where_the_calibrated_camera_and_the_depth_say(scenes: list[LabelledScene]) -> None:
    on_surface = 0
    for camera, depth_m, seen in labels(scenes):
        np.testing.assert_allclose(camera.project(seen.point_m)[0], seen.pixel, atol=1e-6)
        if not seen.visible:
            continue
        column, row = np.rint(seen.pixel).astype(int)
        assert seen.mask[row, column]
        if seen.thing.on_surface:
            on_surface += 1
            slant_m = 0.004  # half a pixel's on a slanted face
            assert depth_m[row, column] == pytest.approx(camera.in_camera(seen.point_m)[0, 2], abs=slant_m)
    assert on_surface > 4


def test_masks_share_no_pixel_and_nearly_every_thing_is_seen_by_some_camera(
    scenes: list[LabelledScene],
) -> None:
    for scene in scenes:
        for view in scene.views.values():
            assert np.sum([t.mask for t in view.things], axis=0).max() <= 1
        seen = {t.thing.name for v in scene.views.values() for t in v.things if t.visible}
        assert len(seen) >= len(THINGS[scene.task]) - 1


def test_a_seed_gives_the_same_cell_and_another_seed_another(scenes: list[LabelledScene]) -> None:
    first, other, again = scenes
    for camera in CAMERAS:
        np.testing.assert_array_equal(first.views[camera].frame, again.views[camera].frame)
        np.testing.assert_array_equal(first.views[camera].T_base_cam, again.views[camera].T_base_cam)
        assert (first.views[camera].frame != other.views[camera].frame).mean() > 0.5


def test_glass_hides_nothing_and_what_is_out_of_the_picture_has_no_label() -> None:
    twin = LabelledTwin(TASKS.load("flip"), SIZE, "off")
    views = twin.scene(0).views
    twin.close()
    by_name = {name: {t.thing.name: t for t in view.things} for name, view in views.items()}
    assert by_name["front"]["disc"].mask.sum() > 200
    assert by_name["front"]["disc"].visible
    assert not by_name["wrist"]["hand"].mask.any()
    assert not by_name["wrist"]["hand"].visible


def test_no_marker_of_a_site_gives_the_answer_away() -> None:
    twin = LabelledTwin(TASKS.load("peg_insert"), 448, "off")
    view = twin.scene(0).views["front"]
    twin.close()
    socket = next(t for t in view.things if t.thing.name == "socket")
    column, row = np.rint(socket.pixel).astype(int)
    around = view.frame[row - 2 : row + 3, column - 2 : column + 3].reshape(-1, 3).astype(int)
    assert np.ptp(around, axis=0).max() < 40, "something is drawn on the keypoint"


def test_a_scene_without_labels_is_named() -> None:
    with pytest.raises(UnknownName, match="handover"):
        LabelledTwin(TASKS.load("handover"), SIZE, "off")
