"""The time of a training step: what is timed, not how long it takes on this machine."""

import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.benchmarks import step_time
from acts_jax.models import MLP
from acts_jax.training import Examples

EXAMPLES = Examples(jnp.ones((16, 4)), jnp.zeros(16, jnp.int32), jnp.ones(4), jnp.zeros(4))
QUICK = {"batch_size": 8, "steps": 4, "networks": 2, "repeats": 3}


def test_the_fastest_turn_counts_by_step_and_network(monkeypatch):
    def interleaved(runs, repeats):
        for run in runs.values():
            run()
        return {key: np.array([3.0, 1.0, 2.0]) for key in runs}

    monkeypatch.setattr(step_time, "interleaved", interleaved)
    models = {"narrow": MLP((2,), "relu", 2), "wide": MLP((8, 8), "relu", 2)}
    seconds = step_time.step_seconds(models, EXAMPLES, **QUICK)
    assert seconds == {"narrow": 1 / (4 * 2), "wide": 1 / (4 * 2)}


def test_the_optimizer_is_the_one_asked_for():
    models = {0: MLP((2,), "relu", 2)}
    with pytest.raises(KeyError, match="adamm"):
        step_time.step_seconds(models, EXAMPLES, optimizer="adamm", **QUICK)
