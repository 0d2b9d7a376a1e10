"""`nudge reward bench-vlm` against models that know the truth, blur it, point elsewhere, or break."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from policies.rewards.grounding.bench.run import bench
from policies.rewards.grounding.data_set import HELD_OUT, read_split
from policies.rewards.grounding.row import GroundingRow
from robot import cli
from robot.core.errors import StoreError
from robot.session.grounding import ExportPlan, export
from tests.vlm_servers.asking import hurried
from tests.vlm_servers.chat import Answer
from tests.vlm_servers.faulty import Fault, FaultyServer
from tests.vlm_servers.grounded import decoy, noisy, oracle
from tests.vlm_servers.server import VlmServer
from tests.vlm_servers.swapped import swap_axes

SCENES = 8
FORMAT = "qwen3-vl"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grounding")
    export(ExportPlan(size=320), folder, {HELD_OUT: SCENES}, Console(quiet=True))
    return folder


@pytest.fixture
def rows(data: Path) -> tuple[GroundingRow, ...]:
    return tuple(r for r in read_split(data, HELD_OUT) if r.wants == "point")


def scored(answer: Answer, rows: tuple[GroundingRow, ...], data: Path, out: Path) -> dict:
    with VlmServer(answer) as server:
        return bench(hurried(server.base_url), rows, data, out)


def test_an_oracle_is_right_to_the_format_s_last_digit(
    rows: tuple[GroundingRow, ...], data: Path, tmp_path: Path
) -> None:
    summary = scored(oracle(rows, FORMAT), rows, data, tmp_path)
    assert summary["questions"] == len(rows) > 4 * SCENES
    assert summary["error_px_p90"]["value"] < 0.1
    assert summary["error_mm_p90"]["value"] < 1.0
    wanted = {
        "pck_5px": 1.0,
        "in_mask": 1.0,
        "format_failures": 0.0,
        "no_answer": 0.0,
        "hidden_recognised": 1.0,
    }
    assert {name: summary[name]["value"] for name in wanted} == wanted
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == [row.id for row in rows]
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape[1] > 1500


def test_noise_on_the_pixels_is_measured_as_what_it_is(
    rows: tuple[GroundingRow, ...], data: Path, tmp_path: Path
) -> None:
    summary = scored(noisy(rows, FORMAT, 8.0), rows, data, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    errors = [line["error_px"] for line in lines if line["error_px"] is not None]
    sd = 8 * np.sqrt((2 - np.pi / 2) / len(errors))  # of the mean of that many Rayleigh distances
    assert np.mean(errors) == pytest.approx(8 * np.sqrt(np.pi / 2), abs=4 * sd)
    median = summary["error_px_median"]
    assert median["low"] < 8 * np.sqrt(2 * np.log(2)) < median["high"]
    assert 0 < summary["pck_5px"]["value"] < summary["pck_10px"]["value"] < 1


def test_a_decoy_hits_nothing_and_exchanged_axes_are_told_apart(
    rows: tuple[GroundingRow, ...], data: Path, tmp_path: Path
) -> None:
    summary = scored(decoy(rows, FORMAT), rows, data, tmp_path / "decoy")
    assert summary["in_mask"]["value"] == 0
    assert summary["error_px_median"]["value"] > 30
    seen = tuple(row for row in rows if row.visible)
    swapped = scored(swap_axes(oracle(seen, FORMAT)), seen, data, tmp_path / "swapped")
    off = [r for r in seen if not r.target.mask.contains(r.target.point[::-1])[0]]
    assert swapped["wrong_axis"]["value"] == pytest.approx(len(off) / len(seen))


@pytest.mark.parametrize(
    ("fault", "kind", "failure"),
    [
        (Fault.ERROR_500, "no_answer", "server_fault"),
        (Fault.HANG, "no_answer", "timeout"),
        (Fault.CUT, "no_answer", "reply_cut"),
        (Fault.MALFORMED_JSON, "unreadable", ""),
        (Fault.WRONG_SCHEMA, "unreadable", ""),
        (Fault.TRUNCATED_JSON, "unreadable", ""),
    ],
)
def test_faults_are_counted_and_end_nothing(
    fault: Fault, kind: str, failure: str, rows: tuple[GroundingRow, ...], data: Path, tmp_path: Path
) -> None:
    asked = tuple(row for row in rows if row.visible)[:4]
    with FaultyServer(fault, oracle(rows, FORMAT), after=1, times=2) as server:
        client = hurried(server.base_url, attempts=1, attempt_s=1.0)
        summary = bench(client, asked, data, tmp_path)
    assert summary["kinds"] == {"hit": 2, kind: 2}
    assert summary["failures"] == ({failure: 2} if failure else {})
    assert summary["in_mask"]["value"] == 0.5


def test_a_test_that_was_stopped_goes_on_where_it_was(
    rows: tuple[GroundingRow, ...], data: Path, tmp_path: Path
) -> None:
    asked = rows[:6]
    with FaultyServer(Fault.ERROR_500, oracle(rows, FORMAT), after=1, times=1) as server:
        bench(hurried(server.base_url, attempts=1), asked[:4], data, tmp_path)
    answers = tmp_path / "answers.jsonl"
    answers.write_text(answers.read_text()[:-40])  # killed in the middle of the fourth line
    with VlmServer(oracle(rows, FORMAT)) as server:
        summary = bench(hurried(server.base_url), asked, data, tmp_path)
        assert server.count == 4  # the one without an answer, the torn one, and two that are new
        with pytest.raises(StoreError, match=r"6 answers of another test.*test-vlm in qwen3-vl"):
            bench(hurried(server.base_url), [r.asked_in("gemini") for r in asked], data, tmp_path)
    assert summary["questions"] == 6
    assert summary["no_answer"]["value"] == 0
    ids = [json.loads(line)["id"] for line in answers.read_text().splitlines()]
    assert sorted(ids) == sorted(row.id for row in asked)


def test_a_dead_server_gives_a_summary_without_answers(
    rows: tuple[GroundingRow, ...], data: Path, tmp_path: Path
) -> None:
    with VlmServer(oracle(rows, FORMAT)) as server:
        url = server.base_url
    summary = bench(hurried(url, attempts=1), rows[:6], data, tmp_path)
    assert summary["no_answer"]["value"] == 1
    assert summary["failures"] == {"unreachable": 3, "breaker_open": 3}
    assert summary["error_px_median"]["value"] is None
    assert not (tmp_path / "sheet.png").exists()


def test_the_command_says_at_once_that_nobody_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with VlmServer(lambda _: "") as server:
        url = server.base_url
    command = f"nudge reward bench-vlm --endpoint {url} --model m --out {tmp_path / 'out'}"
    monkeypatch.setattr(sys, "argv", command.split())
    assert cli.main() == 2
    assert "see that the server runs there" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("coord_format", ["molmo", "gemini"])
def test_the_command_asks_in_the_model_s_own_coordinates(
    coord_format: str,
    rows: tuple[GroundingRow, ...],
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with VlmServer(oracle(rows, coord_format)) as server:
        options = f"--endpoint {server.base_url} --model test-vlm --coord-format {coord_format} --json"
        command = ["nudge", "reward", "bench-vlm", *options.split(), "--data", str(data)]
        monkeypatch.setattr(sys, "argv", [*command, "--out", str(tmp_path / "out")])
        assert cli.main() == 0
        assert all(r.reply_format == "text" for r in server.requests)
    assert json.loads(capsys.readouterr().out)["pck_5px"]["value"] == 1
