"""Linear regions: against hand counts, a dense grid, and the network itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations.catalogue import Activation
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


@pytest.mark.parametrize(
    ("activation", "parameters", "kinks", "slopes", "intercepts"),
    [
        ("hard_shrink", {}, [-0.5, 0.5], [1, 0, 1], [0, 0, 0]),
        ("hard_shrink", {"threshold": 1.3}, [-1.3, 1.3], [1, 0, 1], [0, 0, 0]),
        ("soft_shrink", {"threshold": 0.07}, [-0.07, 0.07], [1, 0, 1], [0.07, 0, -0.07]),
        ("threshold", {"threshold": 0.37, "value": -1.0}, [0.37], [0, 1], [-1, 0]),
        ("srelu", {}, [0], [0.2, 1], [0, 0]),
        (
            "srelu",
            {"left_threshold": -2.0, "right_threshold": 3.0, "right_slope": 0.5},
            [-2, 3],
            [0.2, 1, 0.5],
            [-1.6, 0, 1.5],
        ),
        ("prelu", {"slope": 1.0}, [], [1], [0]),
        ("elu", {"alpha": 0.0}, [0], [0, 1], [0, 0]),
        ("squareplus", {"b": 0.0}, [0], [0, 1], [0, 0]),
        ("a_relu", {"k": 2.0, "n": 1.0}, [0], [0, 2], [0, 0]),
        ("swish", {"beta": 0.0}, [], [0.5], [0]),
    ],
)
def test_the_lines_are_where_the_parameters_put_them(
    activation, parameters, kinks, slopes, intercepts
):
    for found, expected in zip(
        piecewise(activation, **parameters), (kinks, slopes, intercepts), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-12)


def step(x):
    return jnp.where(x > 0, 1.0, 0.0)


def test_a_jump_begins_a_piece_though_the_slope_stays():
    """Two steps, and two units whose slopes cancel where both jump: x > 1/2 and 1/2 - 2x < -1/2."""
    model = MLP((2,), Activation("step", step, kinks=(0.0,)), 1)
    params = {"hidden_1": {"kernel": np.array([[1.0, 1.0]]), "bias": np.array([-0.25, -0.75])}}
    params["readout"] = {"kernel": np.array([[1.0], [3.0]]), "bias": np.zeros(1)}
    pieces = along_line(model, params, np.zeros(1), np.ones(1))
    assert pieces.breakpoints.tolist() == [0.25, 0.75]
    assert pieces.values[:, 0].tolist() == [0, 1, 4]
    params = {"hidden_1": {"kernel": np.array([[1.0, -2.0]]), "bias": np.array([0.0, 0.5])}}
    params["readout"] = {"kernel": np.array([[1.0], [0.5]]), "bias": np.zeros(1)}
    pieces = along_line(MLP((2,), "hard_shrink", 1), params, np.zeros(1), np.ones(1))
    assert pieces.breakpoints.tolist() == [0.5]
    np.testing.assert_allclose(pieces.slopes[:, 0], [0, 0], atol=1e-12)
    np.testing.assert_allclose(pieces.values[:, 0], [0, 0.25], atol=1e-12)


def test_what_has_no_pieces_is_refused():
    for name in ("tanh", "elu", "sbaf"):
        with pytest.raises(ValueError, match="not piecewise linear"):
            piecewise(name)
    model, params = network((4,), "prelu", share="channel")
    with pytest.raises(ValueError, match="per channel"):
        count_regions(model, params, np.zeros(3), np.ones(3))
    for fields, message in (({"layer_norm": True}, "normalisation"), ({"residual": True}, "skip")):
        model, params = network((4,), "relu", **fields)
        with pytest.raises(ValueError, match=message):
            count_regions(model, params, np.zeros(3), np.ones(3))
