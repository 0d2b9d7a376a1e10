"""Coordinate formats of vision-language models: numbers worked out by hand, and the errors for mix-ups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.keypoints.pixel_formats import (
    FORMATS,
    PixelFormatError,
    fitting_formats,
    from_pixels,
    pixel_format,
    rank_formats,
    to_pixels,
)
from policies.rewards.keypoints.pixel_spellings import Finding, example, read_reply, write_reply
from policies.rewards.keypoints.sent_image import SentImage
from robot.core.errors import UnknownName

VGA = SentImage.unresized(640, 480)
SENT = SentImage(
    640, 480, 1288, 952
)  # as Qwen2.5-VL's processor would make of 1280x960: sides in patches of 28

# A quarter from the left edge and half way down: edge coordinates 160, 240, so pixel 159.5, 239.5.
QUARTER = [159.5, 239.5]
GOLDEN = {
    "pixels-xy": ("[[159.5, 239.5]]", VGA),
    "pixels-yx": ("[[239.5, 159.5]]", VGA),
    "fraction-xy": ("[[0.25, 0.5]]", VGA),
    "fraction-yx": ("[[0.5, 0.25]]", VGA),
    "percent-xy": ("[[25, 50]]", VGA),
    "percent-yx": ("[[50, 25]]", VGA),
    "thousand-xy": ("[[250, 500]]", VGA),
    "thousand-yx": ("[[500, 250]]", VGA),
    "gemini": ('[{"point": [500, 250], "label": "mug"}]', SENT),
    "qwen3-vl": ('[{"point_2d": [250, 500], "label": "mug"}]', SENT),
    "glm-v": ('[{"point_2d": [250, 500], "label": "mug"}]', SENT),
    "qwen2.5-vl": ('[{"point_2d": [321.5, 475.5], "label": "mug"}]', SENT),
    "robopoint": ("[(0.25, 0.5)]", SENT),
    "molmo": ('<point x="25" y="50" alt="mug">mug</point>', SENT),
    "molmo2": ('<points coords="1 1 250 500">mug</points>', SENT),
    "qwen3-vl-xml": ('<point x="250" y="500" alt="mug">mug</point>', SENT),
}


def test_every_format_has_a_golden_number() -> None:
    assert set(GOLDEN) == set(FORMATS)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_point_is_read_and_written(name: str) -> None:
    text, image = GOLDEN[name]
    (found,) = read_reply(text, FORMATS[name], image)
    np.testing.assert_allclose(found.corners, [QUARTER], atol=1e-9)
    assert found.label == ("mug" if "mug" in text else "")
    assert write_reply([Finding("mug", np.array([QUARTER]))], FORMATS[name], image) == text
    assert read_reply(example(FORMATS[name], image), FORMATS[name], image)[0].centre == pytest.approx(QUARTER)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gemini", '```json\n[{"box_2d": [100, 200, 500, 400], "label": "cube"}]\n```'),
        ("qwen3-vl", 'Here it is: [{"bbox_2d": [200, 100, 400, 500], "label": "cube"}] as asked.'),
        ("qwen2.5-vl", '{"bbox_2d": [257.1, 94.7, 514.7, 475.5], "label": "cube"}'),
    ],
)
def test_boxes_are_read_with_fences_and_prose(name: str, text: str) -> None:
    (found,) = read_reply(text, FORMATS[name], SENT)
    np.testing.assert_allclose(found.corners, [[127.5, 47.5], [255.5, 239.5]], atol=0.06)
    assert (found.label, found.is_box) == ("cube", True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("molmo", '<points x1="25" y1="50" x2="75.0" y2="10" alt="a &amp; b">two</points>'),
        ("molmo2", '<points coords="1 1 250 500 2 750 100">a &amp; b</points>'),
        ("molmo2", '<points coords="1 1 250 500;2 2 750 100">a &amp; b</points>'),
        ("robopoint", "The spots are [(0.25, 0.5), (0.75, 0.1)]."),
        ("qwen3-vl", '[{"point_2d": [[250, 500], [750, 100]]}]'),
    ],
)
def test_several_points_in_one_reply(name: str, text: str) -> None:
    found = read_reply(text, FORMATS[name], VGA)
    np.testing.assert_allclose(np.concatenate([f.corners for f in found]), [QUARTER, [479.5, 47.5]])
    assert {f.label for f in found} <= {"a & b", ""}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(FORMATS)),
    st.lists(st.tuples(st.floats(0.1, 1), st.floats(0.1, 1)), min_size=1, max_size=5),
    st.tuples(*[st.integers(64, 4000)] * 4),
)
def test_there_and_back(name: str, fractions: list, sizes: tuple[int, int, int, int]) -> None:
    image, fmt = SentImage(*sizes), FORMATS[name]
    pixels = image.from_fractions(np.array(fractions))
    np.testing.assert_allclose(to_pixels(from_pixels(pixels, fmt, image), fmt, image), pixels, atol=1e-6)
    found = read_reply(write_reply([Finding("x", p[None]) for p in pixels], fmt, image), fmt, image)
    digit_px = np.array(image.size) * (1e-4 if fmt.unit == "fraction" else 0.1 / fmt.full_scale(image))
    off_px = np.abs(np.concatenate([f.corners for f in found]) - pixels)
    assert (off_px <= digit_px / 2 + 1e-6).all()


@pytest.mark.parametrize(
    ("name", "values", "fits"),
    [
        ("fraction-xy", [[412, 300]], ("pixels-xy", "pixels-yx", "thousand-xy", "thousand-yx")),
        ("thousand-xy", [[0.4, 0.7]], ("fraction-xy", "fraction-yx")),
        ("pixels-xy", [[300, 600]], ("pixels-yx", "thousand-xy", "thousand-yx")),
        ("percent-xy", [[80, 620]], ("pixels-yx", "thousand-xy", "thousand-yx")),
        ("pixels-yx", [[0.31, 0.9], [0.2, 0.1]], ("fraction-xy", "fraction-yx")),
    ],
)
def test_confused_units_say_what_would_fit(name: str, values: list, fits: tuple[str, ...]) -> None:
    with pytest.raises(PixelFormatError, match="are not " + name) as caught:
        to_pixels(np.array(values), FORMATS[name], VGA)
    assert fitting_formats(np.array(values), VGA) == fits
    assert all(f in str(caught.value) for f in fits)


def test_outside_every_format_is_said_so() -> None:
    with pytest.raises(PixelFormatError, match="would fit: no known format"):
        to_pixels(np.array([[-40.0, 5000.0]]), FORMATS["thousand-xy"], VGA)
    with pytest.raises(PixelFormatError, match="not finite"):
        read_reply('[{"point": [1e999, 3]}]', FORMATS["gemini"], VGA)


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ((1920, 1080), (1932, 1092)),
        ((3840, 2160), (3836, 2156)),
        ((1280, 960), (1288, 952)),
        ((8000, 6000), (4116, 3080)),
        ((20, 20), (56, 56)),
    ],
)
def test_patches_of_28_as_the_processor_of_qwen_makes_them(size: tuple, sent: tuple) -> None:
    assert SentImage.patched(*size).sent_size == sent


def test_the_very_edge_is_kept_inside() -> None:
    assert to_pixels(np.array([[1000.0, 1003.0]]), FORMATS["thousand-xy"], VGA).tolist() == [[639.5, 479.5]]


MARKS = np.array([[60.0, 400.0], [500.0, 80.0], [320.0, 30.0]])


@pytest.mark.parametrize("truth", ["pixels-xy", "pixels-yx", "fraction-yx", "percent-xy", "thousand-yx"])
def test_drawn_marks_tell_which_format_a_model_speaks(truth: str) -> None:
    answers = np.round(from_pixels(MARKS, FORMATS[truth], VGA), 2) + 0.01
    ranked = rank_formats(answers, MARKS, VGA)
    assert ranked[0][0] == truth
    assert ranked[0][1] < 10.0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("gemini", "I cannot see a mug.", "no point in the reply"),
        ("gemini", '[{"point": [1, 2, 3]}]', "3 coordinates"),
        ("gemini", '[{"point": [1, 2', "broken JSON"),
        pytest.param("gemini", "[" * 100_000, "broken JSON", id="deep"),
        pytest.param("qwen3-vl", '[{"point_2d": [1' + "0" * 400 + ", 2]}]", "300 digits", id="huge"),
        ("molmo", '<point x="1">cup</point>', "without its two numbers"),
    ],
)
def test_replies_without_points_say_why(name: str, text: str, message: str) -> None:
    with pytest.raises(PixelFormatError, match=message):
        read_reply(text, FORMATS[name], VGA)


def test_unknown_formats_and_boxes_without_a_spelling() -> None:
    with pytest.raises(UnknownName, match="did you mean 'qwen3-vl'"):
        pixel_format("qwen3vl")
    with pytest.raises(PixelFormatError, match="no boxes"):
        write_reply([Finding("x", np.zeros((2, 2)))], FORMATS["robopoint"], VGA)
