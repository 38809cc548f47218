"""The convolutional network: Flax's numbers, initial weights, what a look and a probe show."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from acts_jax import CNN
from acts_jax.models import num_parameters
from acts_jax.models.convolution import convolve, max_pool
from acts_jax.theory.mean_field import gain as activation_gain
from acts_jax.training import Examples
from acts_jax.training.probes import probe
from tests.models.alike import assert_close, outputs_and_captured, value_and_gradient

pytestmark = pytest.mark.slow

KEY = jax.random.key(7)
RANDOM = np.random.default_rng(1)
X = jnp.asarray(RANDOM.normal(size=(5, 9, 6, 2)), jnp.float32)


class OfFlax(nn.Module):
    """The same network, of Flax alone."""

    channels: tuple
    function: callable
    num_outputs: int
    pool: callable = nn.max_pool
    dense: int = 64

    @nn.compact
    def __call__(self, x):
        for layer, channels in enumerate(self.channels, start=1):
            x = self.function(nn.Conv(channels, (3, 3), name=f"hidden_{layer}")(x))
            x = self.pool(x, (2, 2), (2, 2))
        x = x.reshape(len(x), -1)
        layer = len(self.channels) + 1
        x = self.function(nn.Dense(self.dense, name=f"hidden_{layer}")(x))
        return nn.Dense(self.num_outputs, name="readout")(x)


def initial(model, x=X, key=KEY):
    """Initial parameters, the biases moved away from 0."""
    population = model.init_population(x.shape[1:], key[None])
    return jax.tree.map(lambda leaf: leaf[0] + (0.1 if leaf.ndim == 2 else 0), population)


@pytest.mark.parametrize(("pool", "of_flax"), [("max", nn.max_pool), ("mean", nn.avg_pool)])
def test_value_and_gradient_are_those_of_flax(pool, of_flax):
    model = CNN((3, 4), "tanh", 2, pool=pool, dense=7)
    params = initial(model)
    flax = OfFlax((3, 4), jnp.tanh, 2, of_flax, dense=7)
    ours = value_and_gradient(model, params, X)
    assert_close(ours, value_and_gradient(flax, params, X))


def test_where_several_positions_are_the_largest_the_gradient_is_that_of_flax():
    x = RANDOM.integers(3, size=(4, 6, 8, 3)).astype(np.float32)
    weights = RANDOM.normal(size=(4, 3, 4, 3)).astype(np.float32)
    ours, flax = (
        jax.jit(jax.grad(lambda x, pool=pool: jnp.sum(weights * pool(x))))(x)
        for pool in (max_pool, functools.partial(nn.max_pool, window_shape=(2, 2), strides=(2, 2)))
    )
    np.testing.assert_array_equal(ours, flax)


@pytest.mark.parametrize("place", range(4))
def test_pooling_loses_no_nan(place):
    x = jnp.zeros((1, 4, 1)).at[0, place].set(jnp.nan).reshape(1, 2, 2, 1)
    assert jnp.isnan(max_pool(x)).all()


def test_a_population_is_drawn_and_computes_as_each_network_alone():
    model = CNN((3,), "prelu", 2, dense=5, share="channel", initializer="he_normal")
    keys = jax.vmap(jax.random.key)(jnp.array([3, 1]))
    gains, slopes = jnp.array([1.0, 2.0]), jnp.array([0.25, -0.3])
    population = model.init_population(X.shape[1:], keys, gains, {"slope": slopes})
    compute = functools.partial(value_and_gradient, model)
    together = jax.jit(jax.vmap(compute, in_axes=(0, None)))(population, X)
    shape = jax.ShapeDtypeStruct(X.shape, X.dtype)
    for i in range(2):
        alone = model.clone(gain=gains[i], parameters={"slope": slopes[i]})
        cell, computed = jax.tree.map(lambda leaf, i=i: leaf[i], (population, together))
        assert_close(cell, alone.init(keys[i], shape)["params"], 1e-6)
        assert_close(computed, compute(cell, X))


@pytest.mark.parametrize("share", ["layer", "network"])
def test_a_look_shows_what_flax_captures(share):
    model = CNN((3, 4), "swish", 2, {"beta": 1.0}, learn="all", share=share, dense=5)
    params = initial(model)
    weights = {name: value for name, value in params.items() if "activation" not in name}
    outputs, sites = jax.jit(model.look)(params, X)
    flax = OfFlax((3, 4), jax.nn.silu, 2, dense=5)
    expected, captured = outputs_and_captured(flax, weights, X)
    assert_close(outputs, expected)
    assert len(sites) == 3
    slope = jax.jit(jax.vmap(jax.grad(jax.nn.silu)))
    for layer, site in enumerate(sites, start=1):
        z = captured[f"hidden_{layer}"]
        slopes = slope(z.ravel()).reshape(z.shape)
        assert_close(tuple(site), (z, jax.nn.silu(z), slopes))


@pytest.mark.parametrize(
    ("initializer", "variance"),
    [
        ("lecun_normal", 1 / 180),
        ("he_normal", 2 / 180),
        ("glorot_uniform", 2 / (180 + 9 * 60)),
        ("torch_default", 1 / (3 * 180)),
        ("second_moment", float(activation_gain("tanh")) ** 2 / 180),
    ],
)
def test_the_fan_in_of_a_convolution_counts_the_positions_of_its_kernel(initializer, variance):
    model = CNN((20, 60), "tanh", 3, initializer=initializer, gain=2.0, dense=4)
    params = jax.tree.map(lambda leaf: leaf[0], model.init_population((4, 4, 1), KEY[None]))
    kernel = np.asarray(params["hidden_2"]["kernel"])
    assert kernel.shape == (3, 3, 20, 60)
    assert kernel.std() == pytest.approx(2 * math.sqrt(variance), rel=0.03)
    assert abs(kernel.mean()) < 0.03 * kernel.std()
    bound = 1 / math.sqrt(180) if initializer == "torch_default" else 0
    assert np.abs(params["hidden_2"]["bias"]).max() == pytest.approx(bound, rel=0.2)


@pytest.mark.parametrize(
    ("share", "shapes"), [("network", [()]), ("layer", [()] * 3), ("channel", [(3,), (4,), (5,)])]
)
def test_learned_parameters_have_the_shape_of_their_sharing(share, shapes):
    model = CNN((3, 4), "prelu", 2, share=share, dense=5)
    params = initial(model)
    assert [slope.shape for slope in model.learned(params)["slope"]] == shapes
    assert list(model.layers(params)) == ["hidden_1", "hidden_2", "hidden_3", "readout"]


def test_the_parameters_are_counted():
    model = CNN((3, 4), "prelu", 2, share="channel", dense=5)
    convolutions = (9 * 2 + 1) * 3 + (9 * 3 + 1) * 4
    dense = (2 * 1 * 4 + 1) * 5 + (5 + 1) * 2
    assert num_parameters(model, X.shape[1:]) == convolutions + dense + 3 + 4 + 5


def test_a_channel_is_dead_where_it_is_dead_at_every_position_of_every_example():
    model = CNN((3,), "relu", 2, dense=4)
    params = initial(model)
    params["hidden_1"] = {
        "kernel": jnp.zeros((3, 3, 2, 3)).at[1, 1, 0].set(1.0),
        # Channel 0: always off. Channel 1: on at one position of one example. Channel 2: always on.
        "bias": jnp.array([-100.0, 0.01 - X[..., 0].max(), 100.0]),
    }
    rows = X.reshape(len(X), -1)
    ones = jnp.ones(rows.shape[1])
    labels = jnp.array([0, 1, 0, 1, 1])
    examples = Examples(rows, labels, ones, 0 * ones, shape=X.shape[1:])
    measured = jax.jit(functools.partial(probe, model))(params, examples)
    np.testing.assert_array_equal(measured.dead_unit[0, :3], [1, 0, 0])
    assert measured.dead_fraction[0] == pytest.approx(1 / 3)
    assert measured.gradient_norm.shape == (3,)


@pytest.mark.parametrize(("platform", "convolutions"), [("cpu", 0), ("cuda", 2), ("tpu", 2)])
def test_a_convolution_is_one_product_on_a_cpu_only(platform, convolutions):
    kernels = jnp.ones((2, 3, 3, 2, 4))
    gradient = jax.vmap(jax.grad(lambda k: jnp.sum(convolve(X, k) ** 2)))
    lowered = jax.jit(gradient).trace(kernels).lower(lowering_platforms=(platform,)).as_text()
    assert lowered.count("stablehlo.convolution(") == convolutions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": ()}, r"at least one block: give channels such as \(16,\)"),
        ({"channels": (4, 0)}, "each of channels must be a positive integer, not 0"),
        ({"channels": 4}, "channels must be a tuple of positive integers, not 4"),
        ({"dense": 2.5}, "dense must be a positive integer, not 2.5"),
        ({"pool": "avg"}, "Unknown pool 'avg'.*max, mean"),
        ({"activation": "glu"}, "glu changes the shape"),
        ({"head": "sigmoid"}, "sigmoid head has 1 output, not 2"),
    ],
)
def test_mistakes_are_named_when_the_network_is_described(options, message):
    with pytest.raises(ValueError, match=message):
        CNN(**({"channels": (4,), "activation": "relu", "num_outputs": 2} | options))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((6,), r"A CNN takes images of shape \(height, width, channels\), not .* shape \(6,\)"),
        ((8, 8), r"A CNN takes images"),
        ((7, 20, 1), "3 blocks make an image of 7x20 smaller than 2x2 .* at most 2"),
    ],
)
def test_what_is_no_image_or_too_small_is_refused(shape, message):
    model = CNN((4, 4, 4), "relu", 2)
    with pytest.raises(ValueError, match=message):
        num_parameters(model, shape)
    with pytest.raises(ValueError, match=message):
        model.init_population(shape, KEY[None])
    assert num_parameters(model, (8, 20, 1)) > 0
