"""The vision transformer: Flax's numbers, gated activations, initial weights, refusals."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from acts_jax import ViT, swiglu
from acts_jax.models import num_parameters
from acts_jax.theory.mean_field import gain as activation_gain
from tests.models.alike import assert_close, outputs_and_captured, value_and_gradient

pytestmark = pytest.mark.slow

KEY = jax.random.key(7)
RANDOM = np.random.default_rng(1)
X = jnp.asarray(RANDOM.normal(size=(3, 4, 6, 2)), jnp.float32)


class OfFlax(nn.Module):
    """The same network, of Flax alone."""

    depth: int
    width: int
    function: callable
    num_outputs: int
    patch: int
    heads: int
    units: int

    @nn.compact
    def __call__(self, x):
        side = self.patch
        embed = nn.Conv(self.width, (side, side), (side, side), "VALID", name="embedding")
        x = embed(x).reshape(len(x), -1, self.width)
        position = self.param("position", nn.initializers.normal(), x.shape[1:])
        x = x + position[None]
        for b in range(1, self.depth + 1):
            y = nn.LayerNorm(name=f"attention_norm_{b}")(x)
            x = x + nn.MultiHeadDotProductAttention(self.heads, name=f"attention_{b}")(y)
            y = nn.LayerNorm(name=f"hidden_norm_{b}")(x)
            y = self.function(nn.Dense(self.units, name=f"hidden_{b}")(y))
            x = x + nn.Dense(self.width, name=f"projection_{b}")(y)
        x = nn.LayerNorm(name="norm")(x).mean(axis=1)
        return nn.Dense(self.num_outputs, name="readout")(x)


def initial(model, x=X, key=KEY):
    """Initial parameters, all moved at random."""
    population = model.init_population(x.shape[1:], key[None])
    return jax.tree.map(
        lambda leaf: leaf[0] + RANDOM.normal(size=leaf.shape[1:], scale=0.1).astype(np.float32),
        population,
    )


def for_flax(params, side):
    """Flax takes patches by a convolution."""
    embedding = params["embedding"]
    kernel = embedding["kernel"].reshape(side, side, -1, embedding["kernel"].shape[-1])
    kept = {name: value for name, value in params.items() if "activation" not in name}
    return kept | {"embedding": {"kernel": kernel, "bias": embedding["bias"]}}


@pytest.mark.parametrize(
    ("depth", "activation", "function", "units"),
    [(2, "tanh", jnp.tanh, 16), (1, "swiglu", swiglu, 2 * 16)],
)
def test_value_and_gradient_are_those_of_flax(depth, activation, function, units):
    model = ViT(depth, 8, activation, 3, patch=2, heads=2, expand=2)
    params = initial(model)
    flax = OfFlax(depth, 8, function, 3, 2, 2, units)
    value, gradient = value_and_gradient(model, params, X)
    expected = value_and_gradient(flax, for_flax(params, 2), X)
    # A key's bias changes no attention: its gradient is 0, and rounding is all there is of it.
    for block, tree in itertools.product(range(1, depth + 1), (gradient, expected[1])):
        assert np.abs(tree[f"attention_{block}"]["key"].pop("bias")).max() < 1e-4
    assert_close((value, for_flax(gradient, 2)), expected)


def test_a_population_is_drawn_and_computes_as_each_network_alone():
    model = ViT(1, 4, "prelu", 2, share="channel", patch=2, heads=2, expand=2)
    keys = jax.vmap(jax.random.key)(jnp.array([3, 1]))
    gains, slopes = jnp.array([1.0, 2.0]), jnp.array([0.25, -0.3])
    population = model.init_population(X.shape[1:], keys, gains, {"slope": slopes})
    apply = jax.jit(lambda params: model.apply({"params": params}, X))
    together = jax.jit(jax.vmap(apply))(population)
    shape = jax.ShapeDtypeStruct(X.shape, X.dtype)
    for i in range(2):
        alone = model.clone(gain=gains[i], parameters={"slope": slopes[i]})
        cell = jax.tree.map(lambda leaf, i=i: leaf[i], population)
        assert_close(cell, alone.init(keys[i], shape)["params"], 1e-6)
        assert_close(together[i], apply(cell))


@pytest.mark.parametrize("share", ["layer", "network"])
def test_a_look_shows_what_flax_captures(share):
    model = ViT(2, 4, "swish", 2, {"beta": 1.0}, learn="all", share=share, patch=2, heads=2)
    params = initial(model)
    params |= {name: {"beta": jnp.float32(1)} for name in params if "activation" in name}
    outputs, sites = jax.jit(model.look)(params, X)
    flax = OfFlax(2, 4, jax.nn.silu, 2, 2, 2, 16)
    expected, captured = outputs_and_captured(flax, for_flax(params, 2), X)
    assert_close(outputs, expected)
    assert len(sites) == 2
    slope = jax.jit(jax.vmap(jax.grad(jax.nn.silu)))
    for block, site in enumerate(sites, start=1):
        z = captured[f"hidden_{block}"]
        slopes = slope(z.ravel()).reshape(z.shape)
        assert_close(tuple(site), (z, jax.nn.silu(z), slopes))


def test_a_gated_activation_has_twice_the_units_and_no_slope():
    model = ViT(1, 4, "reglu", 2, patch=2, heads=2)
    _, (site,) = jax.jit(model.look)(initial(model), X)
    assert site.preactivation.shape == site.slope.shape == (3, 6, 32)
    a, b = jnp.split(site.preactivation, 2, axis=-1)
    np.testing.assert_allclose(site.activation, a * np.maximum(b, 0), rtol=1e-6)
    assert jnp.isnan(site.slope).all()


def test_the_parameters_are_counted():
    model = ViT(2, 8, "prelu", 3, patch=2, heads=2, expand=4)
    embedding, norm, attention = (8 + 1) * 8 + 6 * 8, 2 * 8, 4 * (8 + 1) * 8
    feed_forward = (8 + 1) * 32 + 1 + (32 + 1) * 8
    blocks = 2 * (2 * norm + attention + feed_forward)
    assert num_parameters(model, X.shape[1:]) == embedding + blocks + norm + (8 + 1) * 3


@pytest.mark.parametrize("width", [24, 32, 64, 128, 192])
def test_equal_parameters_are_equal_to_half_a_unit(width):
    ungated, gated, whole = (
        num_parameters(ViT(1, width, activation, 2, equal_parameters=equal), (8, 8, 1))
        for activation, equal in (("silu", True), ("swiglu", True), ("swiglu", False))
    )
    assert abs(gated - ungated) <= (3 * width + 2) / 2
    assert gated == pytest.approx(ungated, rel=0.01)
    assert whole - ungated == 4 * width * (width + 1)


@pytest.mark.parametrize(
    ("initializer", "activation", "projection"),
    [
        ("lecun_normal", "tanh", 1 / 256),
        ("second_moment", "tanh", float(activation_gain("tanh")) ** 2 / 256),
        ("second_moment", "reglu", 2 / 256),  # E[a^2 relu(b)^2] = 1/2
    ],
)
def test_only_what_takes_the_activation_has_its_gain(initializer, activation, projection):
    model = ViT(1, 64, activation, 2, initializer=initializer, gain=2.0, patch=8)
    population = model.init_population((64, 64, 1), KEY[None])
    params = jax.tree.map(lambda leaf: np.asarray(leaf[0]), population)
    deviations = {name: params[f"{name}_1"]["kernel"].std() for name in ("hidden", "projection")}
    deviations |= {name: leaf["kernel"].std() for name, leaf in params["attention_1"].items()}
    deviations["embedding"] = params["embedding"]["kernel"].std()
    expected = dict.fromkeys(deviations, 2 / 8)  # 64 units go into all of these
    assert deviations == pytest.approx(expected | {"projection": 2 * math.sqrt(projection)}, 0.04)
    assert params["position"].std() == pytest.approx(0.02, rel=0.04)
    assert params["readout"]["kernel"].std() == pytest.approx(1 / 8, rel=0.25)


@pytest.mark.parametrize(
    ("share", "shapes"), [("network", [()]), ("layer", [()] * 2), ("channel", [(8,)] * 2)]
)
def test_learned_parameters_have_the_shape_of_their_sharing(share, shapes):
    model = ViT(2, 4, "prelu", 2, share=share, patch=2, heads=2, expand=2)
    population = model.init_population(X.shape[1:], KEY[None])
    params = jax.tree.map(lambda leaf: leaf[0], population)
    assert [slope.shape for slope in model.learned(params)["slope"]] == shapes
    layers = model.layers(params)
    assert list(layers) == ["embedding", "block_1", "block_2", "readout"]
    sizes = [sum(leaf.size for leaf in jax.tree.leaves(tree)) for tree in (layers, params)]
    assert sizes[1] - sizes[0] == sum(math.prod(shape) for shape in shapes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 0}, "depth must be a positive integer, not 0"),
        ({"expand": 1.5}, "expand must be a positive integer, not 1.5"),
        ({"width": 30, "heads": 4}, "4 heads do not divide a width of 30; 3 would"),
        ({"activation": "crelu"}, "crelu changes the shape"),
        ({"activation": "swigl"}, "swiglu"),
        ({"head": "sigmoid"}, "sigmoid head has 1 output, not 2"),
    ],
)
def test_mistakes_are_named_when_the_network_is_described(options, message):
    with pytest.raises(ValueError, match=message):
        ViT(**({"depth": 1, "width": 8, "activation": "relu", "num_outputs": 2} | options))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((6,), r"A ViT takes images of shape \(height, width, channels\), not .* shape \(6,\)"),
        ((28, 30, 1), "Patches of 4x4 do not divide an image of 28x30; a patch of 2 would"),
    ],
)
def test_what_is_no_image_or_not_divided_by_the_patch_is_refused(shape, message):
    model = ViT(1, 8, "relu", 2)
    with pytest.raises(ValueError, match=message):
        num_parameters(model, shape)
    with pytest.raises(ValueError, match=message):
        model.init_population(shape, KEY[None])
    assert num_parameters(model, (28, 28, 1)) > 0
