"""The arms of the reward race: which rule, and what kind of model answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policies.rewards.config import Rule

Server = Literal["oracle", "noisy", "decoy", "dead", "dying"]
SERVERS: tuple[Server, ...] = ("oracle", "noisy", "decoy", "dead", "dying")
LIVES = 60  # questions that the dying server answers


@dataclass(frozen=True)
class Arm:
    """One way to be rewarded."""

    rule: Rule
    server: Server | None  # None: nobody is asked

    @property
    def name(self) -> str:
        """In the table, and of its run folders."""
        return self.rule if self.server is None else f"{self.rule}-{self.server}"


SPARSE = Arm("sparse", None)
RULES: tuple[Rule, ...] = ("shaped", "kagi")
ARMS = {a.name: a for a in (SPARSE, *(Arm(rule, server) for rule in RULES for server in SERVERS))}
