"""Probes against what can be said by hand."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.core import FrozenDict

from acts_jax import data, training
from acts_jax.models import MLP
from acts_jax.training import probes, slices

pytestmark = pytest.mark.slow

N = 3 * slices.WIDTH + 17  # several slices and a rest

probe, backward_factors = (
    jax.jit(function, static_argnums=0) for function in (probes.probe, probes.backward_factors)
)


@pytest.fixture(scope="module")
def examples():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(N, 5)).astype(np.float32)
    labels = rng.integers(0, 3, N).astype(np.int32)
    ones = np.ones(5, np.float32)
    return training.Examples(*map(jnp.asarray, (inputs, labels, 2 * ones, 0.5 * ones)))


def network(activation="relu", hidden_sizes=(6, 4), **fields):
    model = MLP(hidden_sizes, activation, 3, **fields)
    return model, jax.jit(model.init)(jax.random.key(1), jnp.zeros((1, 5)))["params"]


@functools.partial(jax.jit, static_argnums=0)
def whole(model, params, examples):
    """Loss, accuracy and gradient on the whole set at once."""
    inputs = examples.inputs * 2 + 0.5

    def loss(params):
        outputs = model.apply({"params": params}, inputs)
        log_p = jax.nn.log_softmax(outputs)
        picked = jnp.take_along_axis(log_p, examples.labels[:, None], 1)
        return -picked.mean(), (outputs.argmax(1) == examples.labels).mean()

    return jax.value_and_grad(loss, has_aux=True)(params)


def test_slices_add_up_to_the_whole_set(examples):
    model, params = network()
    (loss, accuracy), gradient = whole(model, params, examples)
    measured = probe(model, params, examples)
    np.testing.assert_allclose(measured.loss, loss, rtol=1e-5)
    np.testing.assert_allclose(measured.accuracy, accuracy, rtol=1e-6)
    for i, layer in enumerate(("hidden_1", "hidden_2", "readout")):
        leaves = np.concatenate([np.ravel(g) for g in gradient[layer].values()])
        np.testing.assert_allclose(measured.gradient_norm[i], np.linalg.norm(leaves), rtol=1e-4)
    assert np.isnan(measured.balanced_accuracy)  # without weights


def test_balanced_accuracy_is_the_mean_of_those_within_each_class(examples):
    """Of a set whose slices have classes in other shares than the whole."""
    model, params = network()
    order = np.argsort(np.asarray(examples.labels), kind="stable")
    rare = np.concatenate([order[:40], order[len(order) // 3 :]])
    labels = np.asarray(examples.labels)[rare]
    few = dataclasses.replace(
        examples,
        inputs=examples.inputs[rare],
        labels=examples.labels[rare],
        weights=jnp.asarray(data.class_weights(labels, 3)[labels]),
    )
    guesses = model.apply({"params": params}, few.inputs * 2 + 0.5).argmax(1)
    within = [np.mean(np.asarray(guesses)[labels == c] == c) for c in range(3)]
    found = probe(model, params, few)
    assert found.balanced_accuracy == pytest.approx(np.mean(within), rel=1e-5)
    assert found.accuracy != pytest.approx(np.mean(within), rel=1e-2)


@pytest.mark.parametrize(("activation", "fields"), [
    ("gelu", {"hidden_sizes": (4, 4, 4, 4)}),
    ("tanh", {"hidden_sizes": (7, 3), "layer_norm": True}),
    ("prelu", {"hidden_sizes": (4, 4, 6), "share": "channel"}),
    ("prelu", {"hidden_sizes": (4, 4, 6), "share": "network"}),
    ("softmax", {"hidden_sizes": (4,)}),
    ("relu", {"hidden_sizes": ()}),
])  # fmt: skip
def test_one_pass_measures_what_each_set_alone_would_give(examples, activation, fields):
    """Against autodiff and a look at whole sets, of any shape of network."""
    model, params = network(activation, **fields)
    cut = [dataclasses.replace(examples, inputs=a, labels=b) for a, b in zip(
        jnp.split(examples.inputs, (500, 530)), jnp.split(examples.labels, (500, 530)), strict=True
    )]  # fmt: skip
    measured = jax.jit(lambda p: probes.measure(model, p, slices.join(*cut)))(params)
    _, gradient = whole(model, params, cut[0])
    names = [f"hidden_{i + 1}" for i in range(len(model.hidden_sizes))] + ["readout"]
    norms = [np.linalg.norm(np.concatenate([*map(np.ravel, gradient[n].values())])) for n in names]
    np.testing.assert_allclose(measured.gradient_norm, norms, rtol=1e-4)
    for i, split in enumerate(cut):
        found = measured.loss[i], measured.accuracy[i]
        np.testing.assert_allclose(found, whole(model, params, split)[0], rtol=1e-5)
    _, sites = model.look(params, cut[0].inputs * 2 + 0.5)
    dead = [np.mean((site.slope == 0).all(0)) for site in sites]
    expected = np.full(len(dead), np.nan) if activation == "softmax" else np.array(dead)
    np.testing.assert_allclose(measured.dead_fraction, expected)
    assert measured.saturated_fraction.shape == measured.dead_fraction.shape


def test_the_limit_may_be_given(examples):
    model, params = network("sigmoid", (4, 4))
    params["hidden_1"] = {"kernel": jnp.zeros((5, 4)), "bias": jnp.array([0.0, 1.0, 2.0, 9.0])}
    given = []
    for limit in (0.25, 15, 100, jnp.inf):  # sigmoid' is 0.25, 0.197, 0.105, 0.0001
        found = probes.measure(model, params, slices.join(examples), jnp.float32(limit))
        given.append(found.saturated_fraction[0])
    np.testing.assert_array_equal(given, [0.25, 0.5, 1.0, np.nan])


def test_a_small_set_is_measured_too(examples):
    small = dataclasses.replace(examples, inputs=examples.inputs[:7], labels=examples.labels[:7])
    model, params = network()
    (loss, _), _ = whole(model, params, small)
    np.testing.assert_allclose(probe(model, params, small).loss, loss, rtol=1e-5)


def test_dead_units_are_those_that_no_example_wakes(examples):
    model, params = network()
    bias = jnp.array([-1e3, 0, -1e3, 0, 0, 0.0])
    params["hidden_1"]["bias"] = bias
    measured = probe(model, params, examples)
    assert measured.dead_fraction[0] == pytest.approx(2 / 6)
    first, second = (
        row[:units] == 1
        for row, units in zip(
            probe(model, params, examples).dead_unit, model.hidden_sizes, strict=True
        )
    )
    assert list(first) == [True, False, True, False, False, False]
    assert measured.dead_fraction[1] == second.mean()
    # One example that wakes a unit is enough, wherever it lies.
    woken = dataclasses.replace(
        examples, inputs=examples.inputs.at[-1].set(1e4 * params["hidden_1"]["kernel"][:, 0])
    )
    assert probe(model, params, woken).dead_fraction[0] == pytest.approx(1 / 6)
    assert not probe(model, params, woken).dead_unit[0, 0]


def test_saturated_units_have_a_slope_below_a_hundredth_of_the_steepest(examples):
    model, params = network("sigmoid", (4,))
    kernel = jnp.zeros((5, 4))
    # sigmoid' is 1% of its largest value at |x| = 5.9865
    params["hidden_1"] = {"kernel": kernel, "bias": jnp.array([0.0, 5.98, 5.99, -9.0])}
    measured = probe(model, params, examples)
    assert measured.saturated_fraction[0] == 0.5
    assert measured.dead_fraction[0] == 0.0


def test_a_leaky_unit_at_a_hundredth_is_not_below_it(examples):
    model, params = network("leaky_relu", (4,), parameters=FrozenDict(negative_slope=0.01))
    params["hidden_1"] = {"kernel": jnp.zeros((5, 4)), "bias": jnp.full(4, -1.0)}
    assert probe(model, params, examples).saturated_fraction[0] == 0.0


def test_a_learned_slope_moves_the_limit_of_saturation(examples):
    model, params = network("prelu", (4,))
    params["hidden_1"] = {"kernel": jnp.zeros((5, 4)), "bias": jnp.full(4, -1.0)}
    # All inputs are negative: f' is the slope, and sup |f'| is max(1, |slope|).
    for slope, saturated in ((0.25, 0.0), (0.009, 1.0), (0.0, 1.0), (-5.0, 0.0)):
        params["activation_1"]["slope"] = jnp.float32(slope)
        measured = probe(model, params, examples)
        assert measured.saturated_fraction[0] == saturated
        assert measured.dead_fraction[0] == (slope == 0)


def test_the_limit_follows_the_steepest_of_both_sides(examples):
    model, params = network("prelu", (4,))
    params["hidden_1"] = {"kernel": jnp.zeros((5, 4)), "bias": jnp.full(4, 1.0)}
    for slope, saturated in ((90.0, 0.0), (110.0, 1.0)):  # f' is 1, its supremum the slope
        params["activation_1"]["slope"] = jnp.float32(slope)
        assert probe(model, params, examples).saturated_fraction[0] == saturated


def test_channels_have_limits_of_their_own(examples):
    model, params = network("prelu", (4, 4), share="channel")
    for layer in ("hidden_1", "hidden_2"):
        params[layer] |= {"bias": jnp.full(4, -1.0)}
        params[layer]["kernel"] = jnp.zeros_like(params[layer]["kernel"])
    params["activation_1"]["slope"] = jnp.array([0.0, 0.005, 0.5, 2.0])
    measured = probe(model, params, examples)
    assert list(measured.saturated_fraction) == [0.5, 0.0]
    assert list(measured.dead_fraction) == [0.25, 0.0]


def test_whole_vector_activations_have_no_dead_units(examples):
    measured = probe(*network("softmax"), examples)
    assert np.isnan(measured.dead_fraction).all()
    assert np.isnan(measured.saturated_fraction).all()
    assert np.isfinite(measured.loss)
    assert jnp.isnan(probe(*network("softmax"), examples).dead_unit).all()


def test_the_probe_maps_over_a_population(examples):
    model, params = network()
    twice = jax.tree.map(lambda leaf: jnp.stack([leaf, 2 * leaf]), params)
    measured = jax.vmap(lambda p: probe(model, p, examples))(twice)
    alone = probe(model, jax.tree.map(lambda leaf: 2 * leaf, params), examples)
    np.testing.assert_allclose(measured.loss[1], alone.loss, rtol=1e-5)
    assert measured.gradient_norm.shape == (2, 3)


def test_backward_factors_are_ratios_of_the_errors_of_autodiff(examples):
    model, params = network("tanh", (6, 4, 7))
    inputs = examples.inputs * 2 + 0.5
    layers = [params[name] for name in ("hidden_1", "hidden_2", "hidden_3", "readout")]

    def loss(shifts):
        x = inputs
        for layer, shift in zip(layers[:-1], shifts[:-1], strict=True):
            x = jnp.tanh(x @ layer["kernel"] + layer["bias"][None] + shift)
        outputs = x @ layers[-1]["kernel"] + layers[-1]["bias"][None] + shifts[-1]
        return training.losses("softmax", outputs, examples.labels).sum(), outputs

    zeros = [jnp.zeros((N, units)) for units in (6, 4, 7, 3)]
    errors, _ = jax.grad(loss, has_aux=True)(zeros)
    norms = np.array([np.linalg.norm(error) for error in errors])
    weighted = [
        np.linalg.norm(error @ layer["kernel"].T)
        for error, layer in zip(errors[1:], layers[1:], strict=True)
    ]
    factors = backward_factors(model, params, examples)
    np.testing.assert_allclose(factors.weight, weighted / norms[1:], rtol=1e-4)
    np.testing.assert_allclose(factors.slope, norms[:-1] / weighted, rtol=1e-4)


def test_deep_sigmoid_networks_underflow_neither_norms_nor_factors(examples):
    model, params = network("sigmoid", (4,) * 40)
    measured = probe(model, params, examples)
    assert 0 < measured.gradient_norm[0] < 1e-19  # whose square is 0 in float32
    factors = backward_factors(model, params, examples)
    assert np.all((factors.slope > 0.1) & (factors.slope <= 0.25))
    assert np.all(factors.weight > 0)


def test_dead_layers_stop_the_error(examples):
    model, params = network("relu", (3, 3, 3))
    params["hidden_2"]["bias"] = jnp.full(3, -1e3)
    params["hidden_3"]["bias"] = jnp.ones(3)
    factors = backward_factors(model, params, examples)
    assert factors.slope[2] > 0
    assert factors.slope[1] == 0
    assert np.isnan(factors.weight[0])


@pytest.mark.parametrize(
    ("fields", "message"), [({"layer_norm": True}, "layer_norm"), ({"residual": True}, "skip")]
)
def test_backward_factors_need_a_plain_stack_of_layers(fields, message, examples):
    with pytest.raises(ValueError, match=message):
        backward_factors(*network(hidden_sizes=(4, 4), **fields), examples)
