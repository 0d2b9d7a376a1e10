"""The process of one session: `nudge train`, then its stored policies; started again, it goes on.

python -m benchmarks.learning_table.child RUN [words of `nudge train`]
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.learning_table.milestones import evaluate_milestones
from robot import cli


def main() -> int:
    """Exit 0 when all is there."""
    run_dir, *words = sys.argv[1:]
    sys.argv = ["nudge", "train", *words, "--run", run_dir]
    # A finished session is left alone: a base made under older defaults of the learner is as good as new.
    status = 0 if (Path(run_dir) / "summary.json").exists() else cli.main()
    if status == 0:
        evaluate_milestones(Path(run_dir))
    return status


if __name__ == "__main__":
    sys.exit(main())
