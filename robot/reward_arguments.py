"""What the command `nudge reward` takes; the docstrings and comments here are its help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

_RUN = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN", help_behavior_hint="")]
_RUNS = Annotated[
    tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]", help_behavior_hint="")
]
_FOLDER = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="")]
_MARGIN = tyro.conf.arg(metavar="INT", help_behavior_hint="(default: 0 in the twin, 2 on a real cell)")
_PLAN = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="PLAN", help_behavior_hint="")]
_OUT = Annotated[
    Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: classifier in the first RUN)")
]


@dataclass(frozen=True)
class RewardTrain:
    """Train a success classifier on the recorded episodes of one run or several of the same task, and measure
    it on episodes that it never saw.

    For example:
      nudge reward train runs/peg_insert-rlpd-0
      nudge reward train runs/peg_insert-rlpd-0 runs/peg_insert-rlpd-1 --out judges/peg
      nudge reward train runs/peg_insert-rlpd-0 --held-steps 3 --seed 1
    """

    runs: _RUNS  # folders of training sessions with cameras
    out: _OUT = None  # where the classifier goes, with its threshold curve as a picture
    seed: int = 0  # of the split, the network and every draw
    # frames before a success that teach nothing: a person's key comes late, the twin's judge does not
    margin_steps: Annotated[int | None, _MARGIN] = None
    held_steps: int = 2  # frames in a row that must pass before it says success
    max_false_per_1000: float = 0.5  # false successes in 1,000 steps that the threshold may cost
    use_state: bool = False  # show the network the arm's state too, not the gate alone
    json: bool = False  # print the result as JSON


@dataclass(frozen=True)
class RewardEval:
    """Measure a success classifier on a run's recorded episodes, without those it was trained on.

    For example:
      nudge reward eval runs/peg_insert-rlpd-0/classifier runs/peg_insert-rlpd-1
    """

    folder: _FOLDER  # that `nudge reward train` made
    run: _RUN  # the folder of a training session of the same task
    out: Annotated[Path | None, tyro.conf.arg(metavar="PNG", help_behavior_hint="(default: no picture)")] = (
        None
    )
    json: bool = False  # print the result as JSON


@dataclass(frozen=True)
class RewardCheck:
    """Go or no-go before training: score a run's successes and failures, and reversed, stalled and loitering
    versions of the successes, by the keypoint plans that they name. The exit status is 0 for a go.

    For example:
      nudge reward check runs/lift-rlpd-0
      nudge reward check runs/lift-rlpd-0 --rule kagi
    """

    run: _RUN  # the folder of a training session with keypoint plans
    rule: Literal["shaped", "kagi"] = "shaped"  # kagi: the baseline that pays for loitering
    json: bool = False  # print the numbers as JSON


@dataclass(frozen=True)
class RewardRelabel:
    """Compute the dense labels of a stored run again and write them beside it; nothing is overwritten.

    For example:
      nudge reward relabel runs/lift-rlpd-0 --rule shaped
      nudge reward relabel runs/lift-rlpd-0 --rule shaped --plans runs/other/plans --name other-model
    """

    run: _RUN  # the folder of a training session with keypoint plans
    rule: Literal["shaped", "kagi"]  # by which the plans reward
    # a folder of other plans; found by the pictures they were made from, else by the version an episode names
    plans: Annotated[
        Path | None, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(default: the plans of RUN)")
    ] = None
    # the columns' folder in RUN/rewards; a job that was cut off goes on
    name: Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: the rule)")] = (
        None
    )
    json: bool = False  # print the differences as JSON


@dataclass(frozen=True)
class RewardVeto:
    """Say that a keypoint plan was wrong: a running learner takes back what it paid.

    For example:
      nudge reward veto runs/lift-rlpd-0 7 --reason "it marked the bin, not the cube"
    """

    run: _RUN  # the folder of a training session with keypoint plans
    plan: _PLAN  # its version, or its id
    reason: str  # for whoever reads the run later
    json: bool = False  # print the result as JSON


@dataclass(frozen=True)
class RewardClick:
    """Click the keypoints that a running session asks for, in a window or, without a display, as numbers.

    For example:
      nudge reward click runs/lift-rlpd-0
      nudge reward click runs/lift-rlpd-0 --console
    """

    run: _RUN  # the folder of a training session that asks for keypoints
    console: bool = False  # type pixels beside a picture with rulers, also where there is a display
    json: bool = False  # print the points as JSON


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
    json: bool = False  # print the counts as JSON


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
    Annotated[RewardTrain, tyro.conf.subcommand("train")]
    | Annotated[RewardEval, tyro.conf.subcommand("eval")]
    | Annotated[RewardCheck, tyro.conf.subcommand("check")]
    | Annotated[RewardRelabel, tyro.conf.subcommand("relabel")]
    | Annotated[RewardVeto, tyro.conf.subcommand("veto")]
    | Annotated[RewardClick, tyro.conf.subcommand("click")]
    | Annotated[RewardExport, tyro.conf.subcommand("export")]
    | Annotated[RewardBenchVlm, tyro.conf.subcommand("bench-vlm")]
)

# Gets the command's fields but `json` by name; returns plain data whose "text" is for people,
# and whose "status" is the exit status where it is not 0.
WORK: dict[type, str] = {
    RewardTrain: "robot.session.reward_classifier:train_classifier",
    RewardEval: "robot.session.reward_classifier:evaluate_classifier",
    RewardCheck: "robot.session.reward_check:check_reward",
    RewardRelabel: "robot.session.reward_relabel:relabel",
    RewardVeto: "robot.session.reward_veto:veto_plan",
    RewardClick: "robot.session.reward_click:click_plan",
    RewardExport: "robot.session.reward_grounding:export_rows",
    RewardBenchVlm: "robot.session.reward_grounding:score_model",
}


@dataclass(frozen=True)
class Reward:
    """Rewards that one can trust: make them, measure them, and test the model that places keypoints.

    For example:
      nudge reward train runs/peg_insert-rlpd-0
      nudge reward eval runs/peg_insert-rlpd-0/classifier runs/peg_insert-rlpd-1
    """

    command: tyro.conf.OmitSubcommandPrefixes[RewardCommand]
