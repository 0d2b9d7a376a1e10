"""Rig files: the shipped ones are sound, and whatever a lab gets wrong in its own is told at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from robot.cameras import CAMERAS
from robot.core.errors import ConfigError
from robot.core.registry import Registry
from robot.drivers import make_arm, make_camera
from robot.rig import RigConfig
from robot.rig_check import braking_way
from robot.rig_file import RIGS, Catalogue, read_rig, rig_names, rig_path
from robot.session.rigs import load_rig

FAKES = "tests.unit.fake_drivers"
CATALOGUE = Catalogue(
    teleop=Registry("teleop device", {"mouse": f"{FAKES}:FakeHand", "gone": f"{FAKES}_gone:Hand"}),
    arms=Registry("arm driver", {"fake": f"{FAKES}:FakeArm"}),
    cameras=Registry("camera driver", {"fake": f"{FAKES}:FakeCamera"}),
)
Change = Callable[[dict[str, Any]], Any]


def good() -> dict[str, Any]:
    """The twin's rig, on fake drivers."""
    data = yaml.safe_load((RIGS / "twin.yaml").read_text())
    data["arms"]["arm"] |= {"driver": "fake", "options": {"host": "10.0.0.2"}}
    data["cameras"] = {"wrist": {"driver": "fake", "options": {"serial": "7"}}}
    data["teleop"] = [{"device": "mouse", "arm": "arm"}]
    return data


def read(tmp_path: Path, *changes: Change) -> RigConfig:
    data = good()
    for change in changes:
        change(data)
    path = tmp_path / "cell.yaml"
    path.write_text(yaml.safe_dump(data))
    return read_rig(path, CATALOGUE)


def problems(tmp_path: Path, *changes: Change) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, *changes)
    return caught.value.problems


def limits(**values: Any) -> Change:
    return lambda rig: rig["arms"]["arm"]["limits"].update(values)


def arm(**values: Any) -> Change:
    return lambda rig: rig["arms"]["arm"].update(values)


def camera(**values: Any) -> Change:
    return lambda rig: rig["cameras"]["wrist"].update(values)


@pytest.mark.parametrize("name", rig_names())
def test_a_shipped_rig_is_sound(name: str) -> None:
    assert load_rig(name).name == name


def test_a_good_file_becomes_a_rig(tmp_path: Path) -> None:
    rig = read(tmp_path)
    assert (rig.name, list(rig.arms), rig.teleop[0].arm) == ("cell", ["arm"], "arm")
    assert make_arm("arm", rig.arms["arm"], CATALOGUE.arms).arm == "arm"


def test_five_mistakes_are_five_problems(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        lambda rig: rig["arms"]["arm"]["limits"].pop("force_n"),
        lambda rig: rig["arms"]["arm"].update(drivr="franka"),
        camera(driver="fak"),
        lambda rig: rig["teleop"][0].update(arm="amr"),
        lambda rig: rig.update(domain_id="seven"),
    )
    assert len(found) == 5, found


@pytest.mark.parametrize(
    ("change", "want"),
    [
        (lambda rig: rig.update(camreas={}), "camreas: unknown setting; did you mean 'cameras'?"),
        (lambda rig: rig.update(arms={}, teleop=[]), "arms: got none, want at least one"),
        (lambda rig: rig.update(name="other"), "name: got 'other', want the file's, 'cell'"),
        (lambda rig: rig.update(guard_hz=5000.0), "guard_hz: got 5000 Hz, want 20 to 1000 Hz"),
        (lambda rig: rig["cameras"].update({"my cam": rig["cameras"]["wrist"]}), "cameras.my cam: got"),
        (lambda rig: rig["arms"]["arm"]["limits"].pop("leash_m"), "limits.leash_m: missing, and it has no"),
        (arm(driver="fakee"), "arms.arm.driver: unknown arm driver 'fakee'; did you mean 'fake'?"),
        (arm(options={}), "arms.arm.options.host: missing"),
        (arm(options={"host": "x", "prot": 1}), "options.prot: unknown setting; did you mean 'port'?"),
        (limits(speed_mps=3.5, leash_m=9.0, workspace_low_m=[-9.0] * 3, workspace_high_m=[9.0] * 3),
         "limits.speed_mps: got 3.5 m/s, the vendor's limit is 3 m/s"),
        (limits(turn_jerk_radps3=9000.0), "turn_jerk_radps3: got 9000 rad/s3, the vendor's limit is 8500"),
        (limits(joint_low_rad=[-2.9, -1.792, -2.907, -3.048, -2.81, 0.541, -3.02]),
         "limits.joint_low_rad[0]: got -2.9 rad, the vendor's limit is -2.75 rad"),
        (limits(joint_speed_radps=[2.0, 2.0, 2.0, 2.0, 6.0, 3.2, 4.0]),
         "limits.joint_speed_radps[4]: got 6 rad/s, the vendor's limit is 5.26 rad/s"),
        (limits(joint_low_rad=[-1.0] * 6, joint_high_rad=[1.0] * 6, joint_speed_radps=[1.0] * 6),
         "got 6 joints, the arm has 7"),
        (arm(start_position_m=[0.5, 0.4, 0.2]), "start_position_m y: got 0.4 m, the workspace is -0.3 to"),
        (arm(start_quat_xyzw=[0.0, 0.0, 0.0, 1.0]), "tool z is 3.142 rad off tool_axis, tilt_rad is 0.5"),
        (arm(start_quat_xyzw=[2.0, 0.0, 0.0, 0.0]), "start_quat_xyzw: got norm 2.0000, want 1"),
        (limits(workspace_high_m=[0.7, 0.3, 0.2]), None),
        (limits(workspace_low_m=[0.3, -0.3, 0.12], workspace_high_m=[0.7, 0.3, 0.135]),
         "workspace z: 0.015 m wide, braking from 0.25 m/s"),
        (limits(leash_m=0.005), "limits.leash_m: got 0.005 m, shorter than"),
        (limits(leash_rad=0.05), "limits.leash_rad: got 0.05 rad, less than"),
        (camera(max_age_s=0.0), "cameras.wrist.max_age_s: got 0.0 s, want more than 0"),
        (camera(crop={"x": -1, "y": 0, "width": 10, "height": 10}), "wrist.crop: got 10x10 at (-1, 0)"),
        (lambda rig: rig["teleop"][0].update(device="mous"), "device 'mous'; did you mean 'mouse'?"),
        (lambda rig: rig["teleop"][0].update(device="gone"), "does not import: No module named"),
        (lambda rig: rig["teleop"][0].update(arm="amr"), "teleop[0].arm: no arm 'amr' in this rig; did you"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, str) else "",
)  # fmt: skip
def test_one_mistake_is_one_problem(tmp_path: Path, change: Change, want: str | None) -> None:
    if want is None:
        assert read(tmp_path, change)
        return
    (found,) = problems(tmp_path, change)
    assert want in found


@pytest.mark.parametrize(
    ("change", "want"),
    [
        (
            camera(options={"serial": "rtsp://me:hunter2@10.0.0.9/"}),
            "write ://${CAMERA_USER}:${CAMERA_PASSWORD}@",
        ),
        (camera(options={"serial": "7", "password": "hunter2"}), "write ${PASSWORD} and export PASSWORD"),
        (lambda rig: rig.update(api_key="hunter2"), "write ${API_KEY} and export API_KEY"),
    ],
)
def test_a_secret_is_refused_and_never_repeated(tmp_path: Path, change: Change, want: str) -> None:
    found = problems(tmp_path, change)
    assert want in found[0]
    assert not any("hunter2" in p for p in found)


def test_a_value_comes_from_the_environment_and_stays_out_of_the_rig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = camera(options={"serial": "no-${CELL_SERIAL}"})
    (found,) = problems(tmp_path, change)
    assert "${CELL_SERIAL}: not in the environment" in found
    monkeypatch.setenv("CELL_SERIAL", "hunter2")
    rig = read(tmp_path, change)
    assert "hunter2" not in repr(rig)
    driver: Any = make_camera("wrist", rig.cameras["wrist"], CATALOGUE.cameras)
    assert driver.config.serial == "no-hunter2"


def test_a_stream_s_login_is_left_to_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "rtsp://${CELL_USER}:${CELL_PASSWORD}@10.0.0.9/"
    monkeypatch.setenv("CELL_USER", "me")
    path = tmp_path / "cell.yaml"
    data = good()
    data["cameras"] = {"wrist": {"driver": "opencv", "options": {"source": source}}}
    path.write_text(yaml.safe_dump(data))
    rig = read_rig(path, replace(CATALOGUE, cameras=CAMERAS))
    assert rig.cameras["wrist"].options["source"] == source
    path.write_text(path.read_text().replace("${CELL_PASSWORD}", "hunter2"))
    with pytest.raises(ConfigError, match=r"1 problem in .*\n.*a user or password in the address"):
        read_rig(path, replace(CATALOGUE, cameras=CAMERAS))


def test_an_unknown_rig_offers_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'twin'"):
        rig_path("twinn")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rig(tmp_path / "nothing.yaml", CATALOGUE)


def test_the_braking_way_is_a_bit_more_than_v_squared_over_two_a() -> None:
    way = braking_way(0.25, 5.0, 300.0, 1.0, 0.01)
    assert 0.25**2 / 10 < way < 3 * 0.25**2 / 10
