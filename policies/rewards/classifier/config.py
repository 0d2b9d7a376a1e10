"""Settings of the success classifier: which frames teach what, the head, its training and its gate."""

from __future__ import annotations

from dataclasses import dataclass

from robot.core.errors import ConfigError


@dataclass(frozen=True)
class ClassifierConfig:
    """Defaults suit some tens of successes and as many failures; counts of frames are control steps."""

    # labels
    margin_steps: int = 2  # frames before a success that teach nothing: a person's key comes late
    last_steps: int = 10  # of a failed episode, and of a success before its margin: hard negatives
    before_steps: int = 5  # frames before an intervention: hard negatives, as the intervention itself
    hard_weight: float = 4.0  # how much more often a hard negative is drawn
    held_out_share: float = 0.25  # of the starts: measured on, never trained on
    tune_share: float = 0.2  # of the starts: early stopping, temperature and threshold
    # head
    use_state: bool = False  # whether the head sees proprioception too; the gate always does
    embed_size: int = 32  # numbers a camera
    hidden_size: int = 64
    dropout: float = 0.3
    # training
    learning_rate: float = 1e-3
    weight_decay: float = 1e-3
    batch_size: int = 64
    positive_share: float = 0.25  # of a batch: successes are one frame in fifty
    feature_noise: float = 0.1  # augmentation, standard deviations of each channel
    channel_dropout: float = 0.1  # augmentation: share of a map's channels set to nothing
    max_updates: int = 1000
    check_every: int = 25  # updates between two looks at the tuning loss
    patience: int = 8  # looks without a better one before it stops
    # gate
    held_steps: int = 2  # k, frames in a row that must pass
    box_margin: float = 0.5  # how far outside the successes' final states, of their spread
    box_state: tuple[str, ...] = ("position", "rotation", "gripper")  # twist and wrench change once it is in
    max_false_per_1000: float = 0.5  # false successes in 1,000 control steps that the threshold may cost
    seed: int = 0

    def __post_init__(self) -> None:
        problems = [*self._whole(), *self._shares(), *self._positive()]
        if problems:
            raise ConfigError(problems, "classifier config")

    def _whole(self) -> list[str]:
        least = dict.fromkeys(("margin_steps", "last_steps", "before_steps"), 0)
        names = ("embed_size", "hidden_size", "batch_size", "max_updates", "check_every", "patience")
        least |= dict.fromkeys((*names, "held_steps"), 1)
        return [
            f"{n}: got {getattr(self, n)}, want at least {k}"
            for n, k in least.items()
            if getattr(self, n) < k
        ]

    def _shares(self) -> list[str]:
        names = ("held_out_share", "tune_share", "positive_share")
        problems = [
            f"{n}: got {v}, want between 0 and 1" for n in names if not 0 < (v := getattr(self, n)) < 1
        ]
        if self.held_out_share + self.tune_share >= 1:
            total = self.held_out_share + self.tune_share
            problems.append(f"held_out_share + tune_share: got {total}, want less than 1")
        names = ("dropout", "channel_dropout")
        return problems + [
            f"{n}: got {v}, want 0 to below 1" for n in names if not 0 <= (v := getattr(self, n)) < 1
        ]

    def _positive(self) -> list[str]:
        names = ("weight_decay", "feature_noise", "box_margin", "max_false_per_1000")
        problems = [f"{n}: got {v}, want 0 or more" for n in names if not (v := getattr(self, n)) >= 0]
        if not self.learning_rate > 0:
            problems.append(f"learning_rate: got {self.learning_rate}, want more than 0")
        if not self.hard_weight >= 1:
            problems.append(f"hard_weight: got {self.hard_weight}, want at least 1")
        return problems
