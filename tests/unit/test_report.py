"""The report: right numbers, one file without a network, nothing a log or a config can inject."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from PIL import Image as Pillow

from robot.session import plots
from robot.session.headline import headline, of_kind
from robot.session.report import write_report
from tests.unit.fake_session import START_S, fake_session

SUMMARY = {"task": "peg_insert", "preset": "residual", "seed": 3, "wall_time_s": 1130.0}


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run")
    (root / "logs").mkdir()
    (root / "media").mkdir()
    (root / "logs" / "learner.log").write_text("INFO fine\nWARNING weights <b>refused</b>\n")
    (root / "config.json").write_text(json.dumps({"rl": {"utd_ratio": 2.0, "note": "<script>x</script>"}}))
    for name in ("final", "base"):
        Pillow.new("RGB", (4, 4)).save(root / "media" / f"{name}.gif")
    warning = {"t": START_S, "kind": "warning", "node": "recorder", "text": "disk <full>"}
    write_report(root, SUMMARY, [*fake_session(), warning])
    return root


def test_headline_counts_by_hand() -> None:
    rows = fake_session()
    head, online = headline(rows), [e for e in of_kind(rows, "episode") if e["stage"] == "online"]
    assert (head.base.n, head.final.n, head.online_episodes) == (20, 20, 90)
    assert head.base.successes == sum(
        e["success"] for e in rows if e.get("stage") == "base_eval" and "success" in e
    )
    assert head.online_steps == online[-1]["online_steps"] == sum(e["steps"] for e in online)
    assert head.human_steps == sum(e["interventions"] for e in online)
    assert head.online_steps_to_90 in {e["online_steps"] for e in online}
    assert head.active_s == pytest.approx(
        rows[-1]["t"] - rows[0]["t"], abs=10
    )  # less the gaps between stages


def test_report_says_the_headline(run_dir: Path) -> None:
    page, head = (run_dir / "report.html").read_text(), headline(fake_session())
    for want in (
        *(f"{head.base.value:.0%}", f"{head.final.value:.0%}", f"{head.final.successes} of 20, 95% interval"),
        *(
            "18:50",
            f"{head.online_steps_to_90:,}",
            "peg_insert",
            "rl.utd_ratio",
            "Critic value",
            "Control tick",
        ),
    ):
        assert want in page, want


def test_report_needs_no_network(run_dir: Path) -> None:
    page = (run_dir / "report.html").read_text()
    targets = re.findall(r'(?:src|href|action)="([^"]*)"', page) + re.findall(r"url\(([^)]*)\)", page)
    assert targets
    assert [t[:60] for t in targets if not t.startswith(("data:", "#"))] == []
    assert "@import" not in page


def test_report_escapes_what_others_wrote(run_dir: Path) -> None:
    page = (run_dir / "report.html").read_text()
    assert "<script" not in page
    assert "WARNING weights &lt;b&gt;refused" in page
    assert "recorder: disk &lt;full&gt;" in page
    assert "INFO fine" not in page


def test_gifs_stand_base_first(run_dir: Path) -> None:
    names = re.findall(
        r'<img src="data:image/gif;base64,[^"]+" alt="([^"]*)"', (run_dir / "report.html").read_text()
    )
    assert names == ["base", "final"]


def test_inline_figures_take_the_page_s_colour(run_dir: Path) -> None:
    page = (run_dir / "report.html").read_text()
    assert plots.INK not in page
    assert page.count("<svg") == 8


def test_learning_curve_for_the_readme(run_dir: Path) -> None:
    with Pillow.open(run_dir / "media" / "learning_curve.png") as image:
        assert image.width >= 1200
        green = np.all(np.abs(np.asarray(image.convert("RGB"), int) - (0x1F, 0x8A, 0x70)) < 8, axis=-1)
    assert green.sum() > 1000  # the curve is there


@pytest.mark.parametrize("rows", [[], fake_session(1)])
def test_session_cut_short_still_has_a_report(tmp_path: Path, rows: list) -> None:
    page = write_report(tmp_path, {}, rows).read_text()
    assert "not measured" in page
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


def test_percentile_is_linear_inside_a_bin() -> None:
    assert plots.percentile(np.array([0, 10, 20.0]), np.array([1, 1.0]), 0.75) == 15
