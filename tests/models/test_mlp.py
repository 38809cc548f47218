"""Networks: the same numbers in Linen, NNX and plain JAX; initial weights; what a look shows."""

import copy
import functools
import math
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from flax import nnx

from acts_jax.activations import prelu, relu
from acts_jax.activations.catalogue import Activation, get
from acts_jax.activations.derivative import derivative
from acts_jax.models import (
    MLP,
    ActivationLayer,
    ActivationParameter,
    NNXActivationLayer,
    is_activation_parameter,
    num_parameters,
    probabilities,
    resolve_learned,
)
from acts_jax.theory.mean_field import gain as activation_gain
from acts_jax.theory.mean_field import gain_of_vectors

pytestmark = pytest.mark.slow

INITIALIZERS = ["lecun_normal", "he_normal", "glorot_uniform", "torch_default", "second_moment"]
KEY = jax.random.key(7)
X = jax.random.normal(jax.random.key(1), (9, 6))


def initial(model, x=X, key=KEY):
    return model.init(key, x)["params"]


def dense(params):
    return {name: value for name, value in params.items() if not name.startswith("activation")}


def assert_trees(compare, one, other, **tolerance):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(lambda a, b: compare(a, b, **tolerance), one, other)


@functools.partial(jax.jit, static_argnums=0)
def applied(model, params, x):
    return model.apply({"params": params}, x)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (MLP([3, 4], "prelu", 2), MLP((3, 4), "prelu", 2)),
        (MLP((3,), "prelu", 2, {"slope": 0.3}), MLP((3,), "prelu", 2, nn.FrozenDict(slope=0.3))),
        (MLP([3], "sbaf", 2, {"k": 1, "alpha": 0.5}), MLP((3,), "sbaf", 2, {"alpha": 0.5, "k": 1})),
        (MLP((3,), "swish", 2, learn=["beta"]), MLP((3,), "swish", 2, learn=("beta",))),
        (MLP([np.int64(3)], get("elu"), 2), MLP((3,), get("elu"), 2)),
    ],
)
def test_a_network_is_a_static_argument_and_equal_to_what_is_written_otherwise(one, other):
    assert (one, hash(one)) == (other, hash(other))
    params = initial(one)
    np.testing.assert_array_equal(applied(one, params, X), one.apply({"params": params}, X))
    compiled = applied._cache_size()
    applied(other, params, X)
    assert applied._cache_size() == compiled
    assert one != one.clone(num_outputs=5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ActivationLayer("prelu", {"slope": 0.3}), ActivationLayer("prelu", {"slope": 0.3})),
        (ActivationLayer("swish", learn=["beta"]), ActivationLayer("swish", learn=("beta",))),
    ],
)
def test_a_layer_is_hashable(one, other):
    assert (one, hash(one)) == (other, hash(other))


@pytest.mark.parametrize("copied", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy])
@pytest.mark.parametrize("activation", ["sbaf", get("softmax"), relu, prelu])
def test_networks_and_layers_are_copied_and_pickled(activation, copied):
    model = MLP([3], activation, 2)
    params = initial(model)
    outputs = model.apply({"params": params}, X)
    np.testing.assert_array_equal(copied(model).apply({"params": params}, X), outputs)
    for layer in (ActivationLayer(activation), ActivationLayer(activation, share="network")):
        assert copied(layer) == layer
    layer = NNXActivationLayer(activation)
    np.testing.assert_array_equal(copied(layer)(X), layer(X))


# Initial weights


@pytest.mark.parametrize("initializer", INITIALIZERS[:4])
def test_same_key_gives_same_weights_for_every_activation(initializer):
    reference = initial(MLP((8, 5), "relu", 3, initializer=initializer))
    for options in (
        {"activation": "prelu", "share": "channel"},
        {"activation": "prelu", "share": "network"},
        {"activation": "sbaf", "learn": "all"},
        {"activation": "swish", "parameters": {"beta": 2.0}, "learn": ("beta",)},
    ):
        params = initial(
            MLP(hidden_sizes=(8, 5), num_outputs=3, initializer=initializer, **options)
        )
        assert_trees(np.testing.assert_array_equal, dense(params), reference)


def test_second_moment_weights_differ_by_the_gain_only():
    relu, tanh = (initial(MLP((8, 5), a, 3, initializer="second_moment")) for a in ("relu", "tanh"))
    ratio = activation_gain("tanh") / math.sqrt(2)
    for layer in ("hidden_1", "hidden_2"):
        np.testing.assert_allclose(tanh[layer]["kernel"], ratio * relu[layer]["kernel"], rtol=1e-5)
    np.testing.assert_array_equal(tanh["readout"]["kernel"], relu["readout"]["kernel"])


@pytest.mark.parametrize(
    ("initializer", "variance", "bound"),
    [
        ("lecun_normal", 1 / 300, 2 / 0.8796),
        ("he_normal", 2 / 300, 2 / 0.8796),
        ("glorot_uniform", 2 / 500, math.sqrt(3)),
        ("torch_default", 1 / 900, math.sqrt(3)),
        ("second_moment", 2 / 300, math.inf),
    ],
)
def test_initial_weights_have_the_distribution_they_are_named_after(initializer, variance, bound):
    params = initial(MLP((200,), "relu", 3, initializer=initializer), jnp.zeros((1, 300)))
    kernel = np.asarray(params["hidden_1"]["kernel"]) / math.sqrt(variance)
    assert np.std(kernel) == pytest.approx(1, abs=0.02)
    assert np.mean(kernel) == pytest.approx(0, abs=0.02)
    largest = np.abs(kernel).max()
    assert largest <= 1.0001 * bound
    assert largest > min(0.99 * bound, 3.5)
    biases = np.asarray(params["hidden_1"]["bias"])
    if initializer == "torch_default":
        assert 0.9 / math.sqrt(300) < np.abs(biases).max() <= 1 / math.sqrt(300)
    else:
        assert not biases.any()


def test_gain_scales_hidden_weights_and_nothing_else():
    one, three = (initial(MLP((8, 5), "tanh", 3, gain=g, initializer="he_normal")) for g in (1, 3))
    for layer in ("hidden_1", "hidden_2"):
        np.testing.assert_allclose(three[layer]["kernel"], 3 * one[layer]["kernel"], rtol=1e-6)
    assert_trees(np.testing.assert_array_equal, three["readout"], one["readout"])


@pytest.mark.parametrize(
    ("activation", "parameters"),
    [("relu", {}), ("tanh", {}), ("selu", {}), ("prelu", {"slope": 0.9}), ("sbaf", {"k": 0.5})],
)
def test_second_moment_is_kept_through_thirty_layers(activation, parameters):
    check_moments(activation, parameters, 30)


def test_second_moment_is_kept_by_softmax_until_one_unit_has_it_all():
    check_moments("softmax", {}, 8)


def check_moments(activation, parameters, depth):
    model = MLP((512,) * depth, activation, 1, parameters=parameters, initializer="second_moment")
    gain = gain_of_vectors(activation, 512, **parameters)
    x = jax.random.normal(jax.random.key(2), (16, 512)) / gain
    _, sites = jax.jit(lambda p: model.look(p, x))(initial(model, x))
    moments = np.array([np.mean(np.square(z)) for z in (site.preactivation for site in sites)])
    np.testing.assert_allclose(np.log(moments), 0, atol=math.log(2.5))


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_population_gets_what_each_network_would_get_alone(initializer):
    model = MLP(
        (8, 70), "prelu", 3, share="channel", initializer=initializer, layer_norm=True, gain=9.0
    )
    keys = jax.vmap(jax.random.key)(jnp.array([3, 1, 3]))
    gains, slopes = jnp.array([1.0, 0.5, 2.0]), jnp.array([0.25, 0.1, -0.3])
    population = model.init_population((6,), keys, gain=gains, parameters={"slope": slopes})
    for i in range(3):
        alone = model.clone(gain=gains[i], parameters={"slope": slopes[i]})
        cell = jax.tree.map(lambda leaf, i=i: leaf[i], population)
        assert_trees(np.testing.assert_allclose, cell, initial(alone, key=keys[i]), rtol=1e-6)


def test_population_without_gain_and_parameters_keeps_the_model_s():
    model = MLP((8,), "prelu", 3, parameters={"slope": 0.7}, gain=2.0)
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(initial(model)))
    cell = jax.tree.map(lambda leaf: leaf[0], model.init_population((6,), KEY[None]))
    assert_trees(np.testing.assert_array_equal, cell, initial(model))


# Learned and swept parameters


@pytest.mark.parametrize(
    ("share", "shapes"), [("network", [()]), ("layer", [()] * 3), ("channel", [(4,), (5,), (6,)])]
)
def test_learned_parameters_have_the_shape_of_their_sharing(share, shapes):
    model = MLP((4, 5, 6), "prelu", 2, share=share)
    slopes = model.learned(initial(model))["slope"]
    assert [slope.shape for slope in slopes] == shapes
    assert all(slope.dtype == jnp.float32 and (slope == 0.25).all() for slope in slopes)
    params = initial(model.clone(parameters={"slope": 0.5}))
    assert all((slope == 0.5).all() for slope in model.learned(params)["slope"])


def test_learned_parameters_come_in_the_order_of_the_layers():
    model = MLP((3,) * 11, "prelu", 2)
    params = initial(model)
    for layer in range(1, 12):
        params[f"activation_{layer}"]["slope"] = jnp.float32(layer)
    assert [float(slope) for slope in model.learned(params)["slope"]] == list(range(1, 12))


def test_resolve_learned():
    assert resolve_learned("prelu", "default") == ("slope",)
    assert resolve_learned("leaky_relu", "default") == ()
    assert resolve_learned("prelu", "none") == ()
    assert set(resolve_learned("sbaf", "all")) == {"k", "alpha"}
    assert resolve_learned("sbaf", ("alpha",)) == ("alpha",)


def test_mask_of_activation_parameters_selects_the_slopes_only():
    params = initial(MLP((4, 5), "prelu", 2, layer_norm=True, share="channel"))
    mask = jax.tree_util.tree_map_with_path(lambda path, _: is_activation_parameter(path), params)
    assert mask.pop("activation_1") == mask.pop("activation_2") == {"slope": True}
    assert not any(jax.tree.leaves(mask))
    assert is_activation_parameter(("activation", "slope"))
    assert is_activation_parameter(("block", "ActivationLayer_0", "beta"))
    assert not is_activation_parameter(("my_activation_block", "kernel"))


def test_fixed_parameters_and_gains_can_be_a_population_axis():
    slopes = jnp.array([0.01, 0.2, 0.5])
    params = initial(MLP((5, 4), "leaky_relu", 2))

    def outputs(slope):
        model = MLP((5, 4), "leaky_relu", 2, parameters={"negative_slope": slope})
        return model.apply({"params": params}, X)

    together = jax.jit(jax.vmap(outputs))(slopes)
    for i, slope in enumerate(slopes):
        np.testing.assert_allclose(together[i], outputs(float(slope)), rtol=1e-5, atol=1e-6)
    assert not np.allclose(together[0], together[2], rtol=1e-2)


# The same numbers in Linen, NNX and plain JAX


class NNXNetwork(nnx.Module):
    def __init__(self, params, activation, learn, share):
        sizes = [params[name]["kernel"].shape for name in ("hidden_1", "hidden_2", "readout")]
        self.hidden_1, self.hidden_2, self.readout = (
            nnx.Linear(n, m, rngs=nnx.Rngs(0)) for n, m in sizes
        )
        self.activation_1, self.activation_2 = (
            NNXActivationLayer(activation, units=m, learn=learn, share=share) for _, m in sizes[:2]
        )
        nnx.update(self, nnx.State(params))

    def __call__(self, x):
        x = self.activation_1(self.hidden_1(x))
        return self.readout(self.activation_2(self.hidden_2(x)))


@pytest.mark.parametrize(
    ("activation", "learn"), [("prelu", "default"), ("swish", "all"), ("tanh", "none")]
)
@pytest.mark.parametrize("share", ["layer", "channel"])
def test_linen_nnx_and_plain_jax_agree(activation, learn, share):
    model = MLP((8, 5), activation, 3, learn=learn, share=share)
    params = initial(model)
    function = get(activation).function

    def plain(params, x):
        for layer in ("1", "2"):
            x = x @ params[f"hidden_{layer}"]["kernel"] + params[f"hidden_{layer}"]["bias"][None]
            learned = params.get(f"activation_{layer}", {})
            x = function(x, **{n: v[None] if v.ndim else v for n, v in learned.items()})
        return x @ params["readout"]["kernel"] + params["readout"]["bias"][None]

    def loss(outputs):
        return jnp.mean(jnp.square(outputs - 1.0))

    value, gradient = jax.value_and_grad(lambda p: loss(plain(p, X)))(params)
    linen = jax.value_and_grad(lambda p: loss(model.apply({"params": p}, X)))(params)
    network = NNXNetwork(params, activation, learn, share)
    nnx_value, nnx_gradient = nnx.jit(nnx.value_and_grad(lambda m: loss(m(X))))(network)

    np.testing.assert_allclose(model.apply({"params": params}, X), plain(params, X), rtol=1e-5)
    np.testing.assert_allclose([linen[0], nnx_value], value, rtol=1e-6)
    assert_trees(np.testing.assert_allclose, linen[1], gradient, rtol=1e-4, atol=1e-6)
    nnx_gradient = nnx.to_pure_dict(nnx_gradient)
    assert_trees(np.testing.assert_allclose, nnx_gradient, gradient, rtol=1e-4, atol=1e-6)


def test_gradient_of_a_learned_slope_matches_finite_differences():
    model = MLP((8, 5), "prelu", 3)
    params = initial(model)

    def loss(slope):
        moved = params | {"activation_1": {"slope": slope}}
        return jnp.mean(jnp.square(model.apply({"params": moved}, X)))

    difference = (loss(jnp.float32(0.26)) - loss(jnp.float32(0.24))) / 0.02
    assert jax.grad(loss)(jnp.float32(0.25)) == pytest.approx(float(difference), rel=1e-2)


def test_nnx_fixed_parameters_are_out_of_the_optimizer_s_sight():
    fixed = NNXActivationLayer("leaky_relu", parameters={"negative_slope": 0.3})
    assert not jax.tree.leaves(nnx.state(fixed, nnx.Param))
    np.testing.assert_allclose(fixed(jnp.array([-2.0, 2.0])), [-0.6, 2.0], rtol=1e-6)
    learned = NNXActivationLayer("prelu")
    assert isinstance(learned.slope, ActivationParameter)
    assert len(jax.tree.leaves(nnx.state(learned, nnx.Param))) == 1


@pytest.mark.parametrize("share", ["layer", "channel"])
def test_parameters_take_the_dtype_and_rank_of_the_input(share):
    def line(x, slope=0.25):
        return slope * x

    x = jnp.asarray([[[-1.0, 2.0]]], jnp.bfloat16)
    layer = ActivationLayer(line, learn="all", share=share)
    nnx_layer = NNXActivationLayer(line, units=2, learn="all", share=share)
    with jax.numpy_rank_promotion("raise"):
        for y in (layer.apply(layer.init(KEY, x), x), nnx_layer(x)):
            assert y.dtype == jnp.bfloat16
            np.testing.assert_array_equal(y, 0.25 * x)


def test_numpy_scalars_do_not_promote_the_input():
    def line(x, slope=0.25):
        return slope * x

    y = ActivationLayer(line, {"slope": np.float64(0.5)}).apply({}, jnp.ones(2, jnp.bfloat16))
    assert y.dtype == jnp.bfloat16
    assert (y == 0.5).all()


# Capture


@pytest.mark.parametrize("share", ["network", "layer", "channel"])
@pytest.mark.parametrize("activation", ["prelu", "gelu", "sbaf"])
def test_a_look_gives_each_layer_in_order(activation, share):
    model = MLP((4,) * 11, activation, 2, share=share, learn="all", initializer="torch_default")
    params = initial(model)
    outputs, sites = model.look(params, X)
    np.testing.assert_array_equal(outputs, model.apply({"params": params}, X))
    assert len(sites) == 11
    inputs = (X, *(site.activation for site in sites))
    for layer, x in enumerate(inputs, start=1):
        weights = params["readout" if layer == 12 else f"hidden_{layer}"]
        expected = outputs if layer == 12 else sites[layer - 1].preactivation
        result = x @ weights["kernel"] + weights["bias"][None]
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)


def test_the_slope_of_a_site_uses_the_learned_parameters():
    model = MLP((4, 5), "swish", 2, learn="all", share="channel")
    params = initial(model)
    for layer, units in ((1, 4), (2, 5)):
        params[f"activation_{layer}"]["beta"] = jnp.linspace(0.3, 3.0, units)
    _, sites = model.look(params, X)
    for layer in (1, 2):
        z, beta = sites[layer - 1].preactivation, params[f"activation_{layer}"]["beta"]
        expected = derivative(get("swish"))(z, beta=jnp.broadcast_to(beta, z.shape))
        np.testing.assert_allclose(sites[layer - 1].slope, expected, rtol=1e-5, atol=1e-7)


def test_the_slope_of_a_site_includes_the_squashing_into_the_domain():
    model = MLP((4,), "sbaf", 2, parameters={"alpha": 0.3}, gain=5.0)
    _, sites = model.look(initial(model), X)
    s = 1 / (1 + np.exp(-np.asarray(sites[0].preactivation, np.float64)))
    y = 1 / (1 + 0.98 * s**0.3 * (1 - s) ** 0.7)
    np.testing.assert_allclose(sites[0].activation, y, rtol=1e-5)
    np.testing.assert_allclose(sites[0].slope, y * (1 - y) * (s - 0.3), rtol=1e-4, atol=1e-6)


def test_softmax_hidden_layers_have_no_elementwise_derivative():
    model = MLP((4, 5), "softmax", 2)
    _, sites = model.look(initial(model), X)
    np.testing.assert_allclose(sites[1].activation.sum(axis=-1), 1, rtol=1e-6)
    assert all(
        jnp.isnan(site.slope).all() and site.slope.shape == (9, 4 + i)
        for i, site in enumerate(sites)
    )


def test_training_step_neither_looks_nor_draws():
    model = MLP((4, 5), "gelu", 2, layer_norm=True)
    params = initial(model)
    step = jax.make_jaxpr(lambda p: model.apply({"params": p}, X))(params)
    probe = jax.make_jaxpr(lambda p: model.look(p, X))(params)
    assert len(step.eqns) < len(probe.eqns)
    assert "random" not in str(step)


def test_activation_layer_sows_in_any_linen_model():
    class Network(nn.Module):
        @nn.compact
        def __call__(self, x):
            return ActivationLayer("tanh")(nn.Dense(3)(x))

    variables = Network().init(KEY, X)
    y, sown = Network().apply(variables, X, mutable=["intermediates"])
    layer = sown["intermediates"]["ActivationLayer_0"]
    np.testing.assert_allclose(layer["derivative"][0], 1 - np.square(y), rtol=1e-4, atol=1e-6)


# Architecture


def test_layer_norm_normalises_what_the_activation_sees():
    model = MLP((50, 60), "relu", 2, layer_norm=True, gain=7.0)
    _, sites = model.look(initial(model), X)
    for z in (site.preactivation for site in sites):
        np.testing.assert_allclose(z.mean(axis=-1), 0, atol=1e-5)
        np.testing.assert_allclose(z.var(axis=-1), 1, atol=1e-3)


def test_a_stack_of_linear_layers_is_one_linear_layer():
    model = MLP((7,) * 4, "identity", 3, initializer="torch_default")
    params = initial(model)
    weights, bias = jnp.eye(6), jnp.zeros(6)
    for layer in ("hidden_1", "hidden_2", "hidden_3", "hidden_4", "readout"):
        weights = weights @ params[layer]["kernel"]
        bias = bias @ params[layer]["kernel"] + params[layer]["bias"]
    expected = X @ weights + bias[None]
    np.testing.assert_allclose(model.apply({"params": params}, X), expected, rtol=1e-4, atol=1e-6)


def test_a_residual_network_adds_every_hidden_layer_but_the_first():
    model = MLP((7, 7, 7), "tanh", 3, residual=True, initializer="torch_default")
    params = initial(model)

    def plain(params, x):
        layers = [params[name] for name in ("hidden_1", "hidden_2", "hidden_3", "readout")]
        (first, second, third, last) = (
            lambda x, w=w: x @ w["kernel"] + w["bias"][None] for w in layers
        )
        x = jnp.tanh(first(x))
        x = x + jnp.tanh(second(x))
        return last(x + jnp.tanh(third(x)))

    def gradient(apply):
        return jax.grad(lambda p: jnp.sum(jnp.square(apply(p, X) - 1)))(params)

    def ours(params, x):
        return model.apply({"params": params}, x)

    np.testing.assert_allclose(ours(params, X), plain(params, X), rtol=1e-5, atol=1e-6)
    assert_trees(np.testing.assert_allclose, gradient(ours), gradient(plain), rtol=1e-4, atol=1e-5)
    outputs, sites = model.look(params, X)
    np.testing.assert_allclose(outputs, plain(params, X), rtol=1e-5, atol=1e-6)
    for site in sites:
        np.testing.assert_allclose(site.activation, jnp.tanh(site.preactivation), rtol=1e-5)
    assert_trees(np.testing.assert_array_equal, params, initial(model.clone(residual=False)))


def test_the_parameters_are_counted():
    model = MLP((4, 5), "prelu", 3, share="channel", layer_norm=True)
    assert num_parameters(model, (2, 3)) == (6 + 3) * 4 + 4 + (4 + 3) * 5 + 5 + (5 + 1) * 3


def test_own_functions_and_records_are_activations():
    def cubic(x, scale=2.0):
        return scale * x**3

    by_function = MLP((4,), cubic, 2, learn="all")
    params = initial(by_function)
    assert by_function.learned(params)["scale"][0] == 2.0
    record = Activation(name="cubic", function=cubic)
    np.testing.assert_array_equal(
        by_function.apply({"params": params}, X),
        MLP((4,), record, 2).apply({"params": dense(params)}, X),
    )


def test_no_hidden_layers_is_a_linear_model():
    model = MLP((), "relu", 3)
    outputs, sites = model.look(initial(model), X)
    assert outputs.shape == (9, 3)
    assert sites == ()


# Heads


def test_probabilities_sum_to_one():
    logits = jnp.array([[1.0, -2.0, 300.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(probabilities(logits, "softmax").sum(axis=-1), 1, rtol=1e-6)
    logit = jnp.array([[-200.0], [0.3], [50.0]])
    both = probabilities(logit, "sigmoid")
    np.testing.assert_allclose(both.sum(axis=-1), 1, rtol=1e-6)
    two = jnp.concatenate([jnp.zeros_like(logit), logit], axis=-1)
    np.testing.assert_allclose(both, probabilities(two, "softmax"), rtol=1e-5, atol=1e-30)


def test_values_of_a_linear_head_are_no_probabilities():
    with pytest.raises(ValueError, match="values"):
        probabilities(jnp.zeros((2, 1)), "linear")


# Errors at planning time


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation": "rellu"}, "relu"),
        ({"initializer": "he_norm"}, "he_normal"),
        ({"head": "sofmax"}, "softmax"),
        ({"share": "chanel"}, "channel"),
        ({"learn": "al"}, "all"),
        ({"learn": None}, "learn"),
        ({"activation": "prelu", "learn": ("slop",)}, "slope"),
        ({"activation": "prelu", "parameters": {"slop": 0.1}}, "slope"),
        ({"activation": "sbaf", "parameters": {"alpha": 2.0}}, "alpha"),
        ({"activation": Activation("log1p", jnp.log1p, domain=(-1.0, math.inf))}, "domain"),
        ({"hidden_sizes": (4, 0)}, "hidden_sizes"),
        ({"hidden_sizes": (4.0,)}, "hidden_sizes"),
        ({"hidden_sizes": 4}, "hidden_sizes"),
        ({"num_outputs": -1}, "num_outputs"),
        ({"head": "sigmoid", "num_outputs": 2}, "sigmoid"),
        ({"hidden_sizes": (8, 5), "residual": True}, r"all equal, such as \(8, 8\), not \(8, 5\)"),
    ],
)
def test_mistakes_are_named_when_the_network_is_described(options, message):
    with pytest.raises(ValueError, match=message):
        MLP(**({"hidden_sizes": (4,), "activation": "relu", "num_outputs": 2} | options))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"share": "chanel"}, "channel"), ({"share": "channel"}, "units"), ({"learn": "non"}, "none")],
)
def test_mistakes_are_named_by_the_nnx_layer(options, message):
    with pytest.raises(ValueError, match=message):
        NNXActivationLayer("prelu", **options)


def test_an_activation_that_changes_the_shape_is_refused():
    with pytest.raises(ValueError, match="glu changes the shape: it cannot follow a hidden layer"):
        MLP((4,), "glu", 2)


def test_a_gated_activation_in_a_layer_halves_the_last_axis():
    x = jnp.array([[1.0, -2.0, 3.0, -4.0]])
    expected = jax.nn.glu(x)
    y, variables = ActivationLayer("glu").apply({}, x, mutable=["intermediates"])
    for halved in (y, variables["intermediates"]["activation"][0], NNXActivationLayer("glu")(x)):
        np.testing.assert_allclose(halved, expected, rtol=1e-6)
    with pytest.raises(ValueError, match="even last axis"):
        ActivationLayer("glu").init(KEY, jnp.ones((2, 3)))


@pytest.mark.parametrize("function", [jnp.sum, lambda x: x[..., :1], lambda x: None])
def test_a_function_that_does_not_keep_the_shape_is_refused(function):
    with pytest.raises(ValueError, match=r"must keep the shape: \(\d, 3\) gave"):
        MLP((3, 3), function, 2).init(jax.random.key(0), jnp.ones((1, 4)))
    with pytest.raises(ValueError, match=r"must keep the shape: \(2, 3\) gave"):
        NNXActivationLayer(function)(jnp.ones((2, 3)))


def test_one_learned_parameter_is_a_tuple_too():
    with pytest.raises(ValueError, match=r"as a tuple: \('beta',\)\."):
        ActivationLayer("swish", learn="beta")


def test_an_image_is_flattened_by_the_network():
    model = MLP((4,), "relu", 2)
    images = jnp.arange(24.0).reshape(2, 3, 4, 1) / 24
    params = model.init_population((3, 4, 1), KEY[None])
    cell = jax.tree.map(lambda leaf: leaf[0], params)
    np.testing.assert_array_equal(
        model.apply({"params": cell}, images), model.apply({"params": cell}, images.reshape(2, 12))
    )
