"""One session of the reward race: its server, its settings, its child process, its row."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from benchmarks.learning_table import commits
from benchmarks.learning_table.machine import environment, machine
from benchmarks.learning_table.marker import Marker, read_marker, write_marker
from benchmarks.learning_table.milestones import has_milestones
from benchmarks.learning_table.plan import Cell
from benchmarks.learning_table.row import Row, read_row
from benchmarks.reward_race.arms import LIVES, Arm
from benchmarks.reward_race.twin_oracle import Kind, TwinOracle
from policies.rewards.config import RewardConfig
from policies.rewards.vlm.config import VlmConfig
from policies.tasks import TASKS
from robot.core.errors import NudgeError
from robot.session.config import preset
from robot.session.job import Job
from tests.vlm_servers.chat import ChatRequest
from tests.vlm_servers.server import NOBODY, VlmServer

TASK, PRESET = "lift_state", "rlpd"
MODEL = "test-vlm"


@dataclass(frozen=True)
class RaceSession:
    """An arm and a seed in the folder ``runs`` / its name; ``settings`` go over the preset's."""

    arm: Arm
    seed: int
    runs: Path
    settings: dict[str, object]

    @property
    def run_dir(self) -> Path:
        """The session's."""
        return self.runs / f"{self.arm.name}-{self.seed}"

    def run(self) -> Row:
        """Begin it or go on with it; NudgeError names the log if it fails."""
        self.run_dir.mkdir(parents=True, exist_ok=True)
        marker = (read_marker(self.run_dir) or Marker((commits.head(),))).worked_on_by(commits.head())
        write_marker(self.run_dir, marker)
        if not has_milestones(self.run_dir):
            with self._server() as url:
                self._train(url)
        return read_row(Cell(self.arm.name, TASK, self.seed, "local"), self.run_dir, marker, machine())

    def _train(self, url: str) -> None:
        reward: dict[str, object] = {"rule": self.arm.rule, "guidance": {"share": self.arm.guided_share}}
        if self.arm.server is not None:
            reward["vlm"] = {"base_url": url, "model": MODEL, "attempts": 2, "deadline_s": 10.0}
        config = self.runs / f"{self.run_dir.name}.yaml"
        config.write_text(yaml.safe_dump({**self.settings, "reward": reward}))
        words = ["--task", TASK, "--preset", PRESET, "--seed", str(self.seed), "--host", "local"]
        words.append("--no-interventions")
        child = [sys.executable, "-m", "benchmarks.learning_table.child", str(self.run_dir), *words]
        log = self.runs / f"{self.run_dir.name}.log"
        with log.open("ab") as out:
            environ = environment(os.environ)
            done = subprocess.run([*child, "--config", str(config)], stdout=out, stderr=out, env=environ)
        if done.returncode:
            raise NudgeError(f"{self.run_dir.name}: exit status {done.returncode}, see {log}")

    @contextmanager
    def _server(self) -> Iterator[str]:
        if self.arm.server in (None, "dead"):
            yield NOBODY
            return
        kind: Kind = "oracle" if self.arm.server == "dying" else self.arm.server
        oracle = self._oracle(kind)
        with VlmServer(oracle, MODEL) as server:

            def mortal(request: ChatRequest) -> str:
                if server.count > LIVES:
                    raise ConnectionError("dead")
                return oracle(request)

            server.answer = mortal if self.arm.server == "dying" else oracle
            yield server.base_url

    def _oracle(self, kind: Kind) -> TwinOracle:
        config = RewardConfig("shaped", vlm=VlmConfig(NOBODY, MODEL))
        session = replace(preset(PRESET), task=TASK, seed=self.seed)
        demos, online = (Job(self.run_dir, session, stage).plan() for stage in ("demos", "online"))
        first = demos.first_seed, online.first_seed
        return TwinOracle(TASKS.load(TASK), config, first, kind)
