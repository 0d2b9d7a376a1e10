"""What is filmed and who looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.tracking_runs.film import CAMERAS, COVERED, LOOSE, Film, Studio, Trouble
from benchmarks.tracking_runs.follow import Track, follow
from robot.cell_config import Randomize

Eyes = tuple[tuple[str, ...], int]  # cameras, pixels a side

USUAL: tuple[Eyes, ...] = ((("front",), 128), (("front",), 256), (("room",), 256), (CAMERAS, 256))
_TROUBLED: tuple[Eyes, ...] = ((("front",), 128), (CAMERAS, 256))
_SWEEP: tuple[Eyes, ...] = tuple((("front",), size) for size in (64, 96, 192))
_SMALL: tuple[Eyes, ...] = ((("room",), 128), (("room",), 192), (CAMERAS, 128))
_STEPS = 45  # most lifts take 30; the rest is for coming back after a loss


@dataclass(frozen=True)
class Shoot:
    """Films of one kind, and the eyes that follow them."""

    trouble: Trouble
    cell: Randomize
    eyes: tuple[Eyes, ...]

    def films(self, seeds: Sequence[int]) -> Iterator[Film]:
        """One a seed."""
        studio = Studio(sorted({size for _, size in self.eyes}), self.trouble, self.cell)
        try:
            for seed in seeds:
                yield studio.film(seed, _STEPS)
        finally:
            studio.close()


@dataclass(frozen=True)
class Result:
    """All films of a shoot through the same eyes."""

    cameras: str
    size: int
    cell: str
    trouble: Trouble
    tracks: list[Track] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def episodes(self) -> int:
        """Films, followed or not."""
        return len(self.tracks) + len(self.refusals)

    @property
    def is_covered(self) -> bool:
        """Whether the object is hidden in them."""
        return self.trouble in COVERED

    @property
    def is_loose(self) -> bool:
        """Whether it leaves the hand in them."""
        return self.trouble in LOOSE

    def watch(self, film: Film, eyes: Eyes) -> None:
        """Follow one more."""
        track = follow(film, *eyes)
        if isinstance(track, Track):
            self.tracks.append(track)
        else:
            self.refusals.append(track)


def shoots(quick: bool) -> list[Shoot]:
    """What a run is made of."""
    plain = Shoot("none", "off", USUAL if quick else (*USUAL, *_SWEEP, *_SMALL))
    if quick:
        return [plain, Shoot("grey arm", "off", USUAL[:1]), Shoot("dropped", "off", USUAL[:1])]
    troubled = [Shoot(trouble, "off", _TROUBLED) for trouble in (*COVERED, *LOOSE)]
    return [plain, Shoot("none", "held_out", USUAL), *troubled]


def results(shoot: Shoot, seeds: Sequence[int], done: Callable[[], None]) -> list[Result]:
    """Of every pair of eyes; ``done`` is called after each film."""
    cell = "ideal" if shoot.cell == "off" else shoot.cell
    kept = [Result(" + ".join(names), size, cell, shoot.trouble) for names, size in shoot.eyes]
    for film in shoot.films(seeds):
        for result, eyes in zip(kept, shoot.eyes, strict=True):
            result.watch(film, eyes)
        done()
    return kept
