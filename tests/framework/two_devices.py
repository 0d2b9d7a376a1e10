"""Run as a program: updates on as many host devices as XLA_FLAGS asks for; prints what was learned."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import jax
import numpy as np

from policies.residual.agent import ResidualAgent
from tests.framework.residual_toys import SMALL, random_batch, rig

if __name__ == "__main__":
    config = replace(SMALL, compute_dtype=sys.argv[1])
    learner = ResidualAgent(rig(1), config, np.zeros(3, np.float32), np.ones(3, np.float32), seed=0)
    for i in range(3):
        metrics = learner.update(random_batch(rig(1), i, count=2), train_actor=True)
    used = {d.id for leaf in jax.tree.leaves(learner.state.actor.params) for d in leaf.devices()}
    total = float(sum(np.abs(leaf).sum() for leaf in jax.tree.leaves(learner.actor_params)))
    told = {"devices": len(used), "compiled": learner.compilations, "total": total, **metrics}
    sys.stdout.write(json.dumps(told) + "\n")
