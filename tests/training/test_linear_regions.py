"""Linear regions: against hand counts, a dense grid, and the network itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.models import MLP
from acts_jax.training.linear_regions import along_line, count_regions, piecewise


def network(sizes, activation, key=0, features=3, outputs=2, **fields):
    model = MLP(sizes, activation, outputs, initializer="torch_default", **fields)
    return model, model.init(jax.random.key(key), jnp.zeros((1, features)))["params"]


def test_a_fold_by_hand():
    """|2x - 1| of |2x - 1| has four pieces on [0, 1], as a layer of two units can make."""
    layer = {"kernel": np.array([[2.0, -2.0]]), "bias": np.array([-1.0, 1.0])}
    fold = {"kernel": np.array([[2.0, -2.0]] * 2), "bias": np.array([-1.0, 1.0])}
    params = {"hidden_1": layer, "hidden_2": fold}
    params["readout"] = {"kernel": np.ones((2, 1)), "bias": np.zeros(1)}
    pieces = along_line(MLP((2, 2), "relu", 1), params, np.zeros(1), np.ones(1))
    np.testing.assert_allclose(pieces.breakpoints, [0.25, 0.5, 0.75])
    np.testing.assert_allclose(pieces.slopes[:, 0], [-4, 4, -4, 4])
    np.testing.assert_allclose(pieces.values[:, 0], 0.5)


def test_units_that_nobody_hears_make_no_region():
    model, params = network((6,), "relu", features=1)
    full = count_regions(model, params, [-9], [9])
    assert full > 2
    deaf = params | {"readout": jax.tree.map(lambda leaf: 0 * leaf, params["readout"])}
    assert count_regions(model, deaf, [-9], [9]) == 1
    weights = params["readout"]["kernel"].at[1:].set(0)
    one = params | {"readout": params["readout"] | {"kernel": weights}}
    first = params["hidden_1"]
    kink = float(-first["bias"][0] / first["kernel"][0, 0])
    breakpoints = along_line(model, one, [-9], [9]).breakpoints
    np.testing.assert_allclose(breakpoints, [(kink + 9) / 18])


@pytest.mark.parametrize(
    ("activation", "fields"),
    [
        ("relu", {}),
        ("hard_tanh", {}),
        ("prelu", {"parameters": {"slope": 0.4}}),
        ("leaky_relu", {"parameters": {"negative_slope": -1.0}, "learn": "none"}),
    ],
)
def test_the_pieces_are_the_network(activation, fields):
    model, params = network((16, 16, 16), activation, **fields)
    start, end = np.array([-6.0, 2.0, 5.0]), np.array([7.0, -3.0, 4.0])
    pieces = along_line(model, params, start, end)
    edges = np.concatenate([[0], pieces.breakpoints, [1]])
    assert len(pieces.slopes) > 10
    t = np.linspace(0, 1, 997)
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), params)
        x = jnp.asarray(start + t[:, None] * (end - start))
        outputs = np.asarray(model.apply({"params": wide}, x))
    piece = np.searchsorted(pieces.breakpoints, t)
    offset = t - ((edges[:-1] + edges[1:]) / 2)[piece]
    line = pieces.values[piece] + pieces.slopes[piece] * offset[:, None]
    np.testing.assert_allclose(line, outputs, atol=1e-8)
    assert (np.abs(np.diff(pieces.slopes, axis=0)).max(axis=1) > 0).all()
    assert (np.diff(edges) > 0).all()


def test_a_linear_network_has_one_region():
    model, params = network((8, 8), "identity")
    assert count_regions(model, params, np.zeros(3), np.ones(3)) == 1


def test_lines_of_an_activation():
    lines = piecewise("relu6")
    assert lines.kinks.tolist() == [0, 6]
    assert lines.slopes.tolist() == [0, 1, 0]
    assert lines.intercepts.tolist() == [0, 0, 6]


def test_what_has_no_pieces_is_refused():
    for name in ("tanh", "elu", "sbaf"):
        with pytest.raises(ValueError, match="not piecewise linear"):
            piecewise(name)
    model, params = network((4,), "prelu", share="channel")
    with pytest.raises(ValueError, match="per channel"):
        count_regions(model, params, np.zeros(3), np.ones(3))
    model, params = network((4,), "relu", layer_norm=True)
    with pytest.raises(ValueError, match="normalisation"):
        count_regions(model, params, np.zeros(3), np.ones(3))
