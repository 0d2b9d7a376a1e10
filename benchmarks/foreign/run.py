"""One run of the comparison in a process of its own, so that CPU time is one learner's.

    python -m benchmarks.foreign.run --task pick_cube --learner lerobot --seed 0 --steps 10000 \
        --demonstrations runs/foreign/pick_cube-0.npz --out runs/foreign/pick_cube-lerobot-0.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.foreign.demonstrations import load
from benchmarks.foreign.learners import make_learner
from benchmarks.foreign.practice import Budget, practise
from benchmarks.foreign.tasks import FOREIGN_TASKS


def main() -> None:
    """Practise, then write what happened."""
    args = _arguments()
    task, demonstrations = FOREIGN_TASKS.load(args.task), load(args.demonstrations)
    learner = make_learner(args.learner, demonstrations, task.gripper_last, args.seed)
    budget = Budget(args.steps, args.look_every, args.look_episodes, args.final_episodes)
    env = task.make()
    result = practise(env, learner, budget, args.seed)
    env.close()
    row = {"task": args.task, "learner": args.learner, "seed": args.seed, **result}
    args.out.write_text(json.dumps(row) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", required=True)
    parser.add_argument("--learner", required=True)
    parser.add_argument("--demonstrations", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--look-every", type=int, default=1_000)
    parser.add_argument("--look-episodes", type=int, default=20)
    parser.add_argument("--final-episodes", type=int, default=100)
    return parser.parse_args()


if __name__ == "__main__":
    main()
