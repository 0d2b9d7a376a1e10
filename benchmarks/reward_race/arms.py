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
    guided_share: float = 0.0  # of the episodes that the plan may drive a part of

    @property
    def name(self) -> str:
        """In the table, and of its run folders."""
        rule = "unguided" if self.rule == "shaped" and not self.guided_share else self.rule
        return rule if self.server is None else f"{rule}-{self.server}"


SPARSE = Arm("sparse", None)
SHAPED = tuple(Arm("shaped", server, 0.5) for server in SERVERS)
UNGUIDED = Arm("shaped", "oracle")
KAGI = tuple(Arm("kagi", server) for server in SERVERS)
ARMS = {a.name: a for a in (SPARSE, *SHAPED, UNGUIDED, *KAGI)}
