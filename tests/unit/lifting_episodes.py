"""Episodes of a red square that is lifted or missed, labelled as a session labels them, and a run of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from policies.replay.assemble import assemble
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.rewards.config import RewardConfig
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.plan_views import PlanViews
from policies.rewards.rewarder import Rewarder
from policies.rewards.true_object import TrueObject
from robot import observe
from robot.core.se3 import rot_z, transform
from robot.core.types import EpisodeEnd, EpisodeHeader, Label, Observation, Outcome, Source, Step
from robot.session.config import SessionConfig, save_config
from tests.unit import reward_scene as scene

UP = np.array([0.0, 0.0, 0.08])
START = transform(rot_z(0.7) @ scene.TOOL[:3, :3], [0.52, 0.03, 0.1])
ZEROS = np.zeros(5, np.float32)


class FakePlanner:
    """Has the plan from a look on."""

    def __init__(self, plan: KeypointPlan, arrives: int) -> None:
        self._plan, self._left = plan, arrives

    def disown(self, reason: str) -> None:
        raise AssertionError(reason)

    @property
    def asking(self) -> bool:
        return self._left >= 0

    def forget(self) -> None:
        pass

    def poll(self) -> KeypointPlan | None:
        self._left -= 1
        return self._plan if self._left < 0 else None


def lifting_plan(version: int = 1, up: np.ndarray = UP, picture: str = "") -> KeypointPlan:
    points = np.stack([scene.RED, scene.RED + up])
    named = {"grasp": points[0], "target": points[1]}
    return KeypointPlan(
        version=version,
        arm="arm",
        task="lift_state",
        sentence="lift it",
        keypoints=named,
        std_m=dict.fromkeys(named, 0.0),
        waypoints_m=points,
        mask_points_px={},
        confidence=1.0,
        provenance="oracle",
        model="test",
        prompt_sha="",
        image_shas={"top": picture} if picture else {},
        calibration_id="twin",
        created_ns=0,
    )


def lifted(
    number: int = 0, plan: KeypointPlan | None = None, arrives: int = 2, config: RewardConfig = scene.CONFIG
) -> Episode:
    """12 steps down to the square and 12 up with it, a success."""
    away = np.array([0.03, 0.02, 0.1]) + 0.002 * number
    down = scene.RED + np.linspace(1, 0, 13)[:, None] * away
    up = scene.RED + np.linspace(0, 1, 13)[1:, None] * UP
    things = np.concatenate([np.tile(scene.RED, (13, 1)), up])
    tools = np.concatenate([down, up])
    return _recorded(number, tools, things, Outcome.SUCCESS, plan or lifting_plan(), arrives, config)


def missed(number: int = 0, plan: KeypointPlan | None = None, arrives: int = 2) -> Episode:
    """24 steps that end 4 cm and more beside the square, which stays where it is."""
    beside = scene.RED + np.array([0.04 + 0.002 * number, 0.0, 0.0])
    tools = beside + np.linspace(1, 0, 25)[:, None] * np.array([0.0, 0.02, 0.1])
    things = np.tile(scene.RED, (25, 1))
    plan = plan or lifting_plan()
    return _recorded(number, tools, things, Outcome.TIME_LIMIT, plan, arrives, scene.CONFIG)


def make_run(folder: Path, successes: int, failures: int) -> Path:
    """A session's folder with demonstrations that succeed and practice that fails, each with its own plan."""
    folder.mkdir()
    save_config(SessionConfig(task="lift_state", reward=scene.CONFIG), folder / "config.json")
    store, plans = EpisodeStore(folder / "episodes"), PlanStore(folder / "plans")
    for i in range(successes + failures):
        plan = lifting_plan(i + 1, picture=f"picture {i}")
        plans.write(plan)
        _store(store, lifted(i, plan) if i < successes else missed(i, plan))
    store.close()
    return folder


def _store(store: EpisodeStore, episode: Episode) -> None:
    writer = store.begin(episode.header)
    for t in range(len(episode)):
        writer.append(_step(episode, t))
    number, last = episode.header.episode_id, len(episode)
    label = Label(float(episode.dense[-1]), int(episode.plan[-1]))
    end = EpisodeEnd(number, last, episode.outcome, _seen(episode, last), ZEROS, label)
    assert writer.finish(end) is not None


def _step(episode: Episode, t: int) -> Step:
    ended, paid = bool(episode.terminated[t]), float(episode.reward[t])
    label = Label(float(episode.dense[t]), int(episode.plan[t]))
    number, cut = episode.header.episode_id, bool(episode.truncated[t])
    ending = (paid, float(not ended), ended, cut, Source.POLICY, 0, 0, label)
    return Step(number, t, _seen(episode, t), ZEROS, ZEROS, ZEROS, *ending)


def _seen(episode: Episode, t: int) -> Observation:
    return Observation(int(episode.stamp_ns[t]), {k: v[t] for k, v in episode.state.items()})


def _recorded(
    number: int,
    tools: np.ndarray,
    things: np.ndarray,
    outcome: Outcome,
    plan: KeypointPlan,
    arrives: int,
    config: RewardConfig,
) -> Episode:
    """Of the places [T + 1, 3] of tool and square, with the labels of a real `Rewarder`."""
    planner = FakePlanner(plan, arrives)
    rewarder = Rewarder(config, "arm", PlanViews(scene.MOUNTS), planner, TrueObject)  # type: ignore[arg-type]
    steps: list[Step] = []
    labels: list[Label] = []
    for t, (tool, thing) in enumerate(zip(tools, things, strict=True)):
        sensed = scene.sensed(t, tool, thing, number)
        seen = observe.observation(sensed.states, {"arm": START}, {}, {}, sensed.observation.state)
        labels += rewarder.label(sensed)
        steps.append(Step(number, t, seen, ZEROS, ZEROS, ZEROS, 0.0, 1.0, False, False, Source.POLICY, 0))
    labels += rewarder.rest()
    *kept, last = (replace(step, label=label) for step, label in zip(steps, labels, strict=True))
    success = outcome is Outcome.SUCCESS
    kept[-1] = replace(
        kept[-1],
        reward=float(success),
        discount=float(not success),
        terminated=success,
        truncated=not success,
    )
    mode = "demo" if success else "train"
    header = EpisodeHeader(number, "lift_state", number, "ada", "c0ffee", mode)
    end = EpisodeEnd(number, len(kept), outcome, last.observation, ZEROS, last.label)
    return assemble(header, kept, end)
