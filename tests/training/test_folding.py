"""Folding: a linear stack is its fold, another one is not."""

import jax
import numpy as np
import pytest

from acts_jax.models import MLP
from acts_jax.training.folding import fold


def test_a_linear_network_of_any_depth_is_its_fold():
    x = np.linspace(-1, 1, 35, dtype=np.float32).reshape(7, 5)
    for sizes in ((), (4,), (8, 3, 6)):
        model = MLP(sizes, "identity", 2, initializer="torch_default")
        params = model.init(jax.random.key(1), x)["params"]
        weight, bias = fold(model, params)
        assert weight.shape == (5, 2)
        np.testing.assert_allclose(x @ weight + bias, model.apply({"params": params}, x), atol=1e-6)
    bent = model.clone(activation="relu").apply({"params": params}, x)
    assert np.abs(x @ weight + bias - bent).max() > 0.01


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"layer_norm": True}, "not affine"), ({"residual": True}, "Skip connections")],
)
def test_what_is_more_than_a_stack_of_layers_does_not_fold(fields, message):
    with pytest.raises(ValueError, match=message):
        fold(MLP((4,), "identity", 2, **fields), {})
