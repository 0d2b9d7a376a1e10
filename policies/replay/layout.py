"""Where a store keeps what: one journal or one zarr group an episode, named by its number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Paths under one store; nothing here touches the disk except to list it."""

    root: Path

    @property
    def journals(self) -> Path:
        """Append-only files of episodes in progress."""
        return self.root / "journal"

    @property
    def episodes(self) -> Path:
        """Finished episodes."""
        return self.root / "episodes"

    @property
    def corrupt(self) -> Path:
        """Damaged files, moved out of the way but never deleted."""
        return self.root / "corrupt"

    @property
    def lock(self) -> Path:
        """Held by the one writer."""
        return self.root / ".lock"

    def journal(self, episode_id: int) -> Path:
        """The journal of one episode."""
        return self.journals / f"{episode_id:08d}.ndj"

    def episode(self, episode_id: int) -> Path:
        """The zarr group of one episode."""
        return self.episodes / f"{episode_id:08d}.zarr"

    def journal_ids(self) -> list[int]:
        """Episodes with a journal, sorted."""
        return _ids(self.journals, ".ndj")

    def episode_ids(self) -> list[int]:
        """Finished episodes, sorted."""
        return _ids(self.episodes, ".zarr")

    def corrupt_ids(self) -> list[int]:
        """Episodes of which something was moved away, sorted."""
        return sorted({*_ids(self.corrupt, ".ndj"), *_ids(self.corrupt, ".zarr")})

    def prepare(self) -> None:
        """Make the folders; OSError where the disk refuses."""
        for folder in (self.journals, self.episodes):
            folder.mkdir(parents=True, exist_ok=True)


def _ids(folder: Path, suffix: str) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(int(p.stem) for p in folder.iterdir() if p.suffix == suffix and p.stem.isdigit())
