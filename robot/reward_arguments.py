"""What `nudge reward` takes; the docstrings and comments here are its help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class RewardExport:
    """Draw labelled pictures of the twin: rows for TRL's GRPOTrainer and VLM-R1, a train and a test split.

    For example:
      nudge reward export --out data/grounding
      nudge reward export --out data/lift --tasks lift --scenes 50 --coord-format gemini
    """

    out: Path  # the folder; docs/grounding.md says what is in it
    scenes: int = 200  # of the train split, over all tasks
    held_out: int = 50  # of the test split, whose cells training never meets
    tasks: tuple[str, ...] = ("peg_insert", "lift", "flip", "cable_route")
    size: int = 448  # pixels of a picture's side
    coord_format: str = (
        "qwen3-vl"  # how the model writes coordinates; qwen2.5-vl, gemini, molmo, pixels-xy, ..
    )
    boxes: bool = True  # ask for boxes too, where the format has them


@dataclass(frozen=True)
class RewardBenchVlm:
    """Ask any OpenAI-compatible server to point at things in held-out scenes of the twin, and score it.

    For example:
      nudge reward bench-vlm --endpoint http://localhost:8000/v1 --model Qwen/Qwen3-VL-8B-Instruct
      nudge reward bench-vlm --endpoint http://localhost:8000/v1 --model m --data data/grounding --out runs/m
    """

    endpoint: str  # up to and with /v1
    model: str  # as the server lists it
    scenes: int = 20  # held-out ones, three pictures each; with --data, all that it holds
    coord_format: str = (
        "qwen3-vl"  # how the model writes coordinates; qwen2.5-vl, gemini, molmo, pixels-xy, ..
    )
    out: Path = Path("runs/bench-vlm")  # answers.jsonl, summary.json, sheet.png
    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: new scenes)")] = (
        None
    )
    # the variable that holds the server's key, never the key
    api_key_env: Annotated[
        str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: no key)")
    ] = None
    json: bool = False  # print the summary as JSON


RewardCommand = (
    Annotated[RewardExport, tyro.conf.subcommand("export")]
    | Annotated[RewardBenchVlm, tyro.conf.subcommand("bench-vlm")]
)


@dataclass(frozen=True)
class Reward:
    """Rewards that one can trust: labelled data for a vision-language model, and a test of a served one."""

    command: tyro.conf.OmitSubcommandPrefixes[RewardCommand]
