"""The time of a training step: what is timed, not how long it takes on this machine."""

import jax.numpy as jnp
import pytest

from acts_jax.benchmarks.step_time import step_seconds
from acts_jax.models import MLP
from acts_jax.training import Examples

EXAMPLES = Examples(jnp.ones((16, 4)), jnp.zeros(16, jnp.int32), jnp.ones(4), jnp.zeros(4))
QUICK = {"batch_size": 8, "steps": 4, "networks": 2, "repeats": 3}


def test_a_large_network_takes_longer_per_step_than_a_small_one():
    models = {"small": MLP((2,), "relu", 2), "large": MLP((256, 256, 256), "relu", 2)}
    seconds = step_seconds(models, EXAMPLES, **QUICK)
    assert list(seconds) == ["small", "large"]
    assert 0 < 3 * seconds["small"] < seconds["large"] < 1


def test_the_optimizer_is_the_one_asked_for():
    models = {0: MLP((2,), "relu", 2)}
    with pytest.raises(KeyError, match="adamm"):
        step_seconds(models, EXAMPLES, optimizer="adamm", **QUICK)
