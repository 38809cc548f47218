"""One's own Flax modules: as Flax alone trains them, their sites as counted by hand, refusals."""

import functools
import pickle
import re
import sys
import types
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from flax import nnx, traverse_util

from acts_jax import training
from acts_jax.models import is_activation_parameter
from acts_jax.models.own import OwnNetwork, accept_module, fields
from acts_jax.training import probes
from tests.models.own_networks import (
    Compact,
    Dense,
    Gated,
    JittedTwice,
    Linear,
    Mapped,
    Nnx,
    Scanned,
    Setup,
)

pytestmark = pytest.mark.slow

SHAPE = (4, 4, 1)
KEYS = jax.random.split(jax.random.key(0), 2)
X = jax.random.normal(jax.random.key(1), (9, *SHAPE))
LABELS = jnp.arange(9) % 3
HERE = "tests.models.own_networks"


def own(module, activation="relu", num_outputs=3, input_shape=SHAPE, **settings):
    return OwnNetwork(module, activation, num_outputs, input_shape, **settings)


def population(network, **settings):
    return network.init_population(network.input_shape, KEYS, **settings)


def initial(network):
    return jax.jit(network.init)(KEYS[0])["params"]


def loss(outputs):
    return -jnp.take_along_axis(jax.nn.log_softmax(outputs), LABELS[:, None], axis=1).mean()


def descend(apply, params, rate=0.1):
    """Outputs and gradients before the first of 20 steps of SGD, and the parameters after them."""

    def judged(params):
        outputs = apply(params)
        return loss(outputs), outputs

    def step(params, _):
        gradient, outputs = jax.grad(judged, has_aux=True)(params)
        return jax.tree.map(lambda p, g: p - rate * g, params, gradient), (outputs, gradient)

    trained, passed = jax.lax.scan(step, params, length=20)
    return *jax.tree.map(lambda leaf: leaf[0], passed), trained


def in_flax(cls, activation):
    """The module as its user uses it: a function of a key, and one of parameters."""
    arguments = {"activation": activation, "num_outputs": 3}
    if cls is not Compact:
        arguments["input_shape"] = SHAPE
    if not issubclass(cls, nnx.Module):
        module = cls(**arguments)
        return lambda key: module.init(key, X)["params"], lambda p: module.apply({"params": p}, X)
    graph, _, rest = nnx.split(cls(**arguments, rngs=nnx.Rngs(0)), nnx.Param, ...)

    def init(key):
        return nnx.state(cls(**arguments, rngs=nnx.Rngs(key)), nnx.Param)

    return init, lambda params: nnx.merge(graph, params, rest)(X)


def flat(tree):
    """The leaves of a tree of either kind by path."""
    tree = nnx.to_pure_dict(tree) if isinstance(tree, nnx.State) else tree
    return {"/".join(map(str, path)): v for path, v in traverse_util.flatten_dict(tree).items()}


def assert_close(ours, theirs):
    ours, theirs = flat(ours), flat(theirs)
    assert ours.keys() == theirs.keys()
    for path, value in theirs.items():
        np.testing.assert_allclose(ours[path], value, rtol=1e-5, atol=1e-6, err_msg=path)


@pytest.mark.parametrize(
    ("cls", "name", "function"),
    [(Compact, "tanh", jnp.tanh), (Setup, "relu", jax.nn.relu), (Nnx, "tanh", jnp.tanh)],
)
def test_a_population_trains_as_each_network_in_flax_alone(cls, name, function):
    network = own(f"{HERE}:{cls.__name__}", name)
    assert accept_module(network) == ""
    params = population(network)

    init, apply = in_flax(cls, function)

    def in_flax_alone(key):
        params = init(key)
        return params, *descend(apply, params)

    def ours(params):
        return descend(lambda params: network.apply({"params": params}, X), params)

    outputs, gradient, trained = jax.jit(jax.vmap(ours))(params)
    theirs, *expected = jax.jit(jax.vmap(in_flax_alone))(KEYS)
    assert_close(params["module"], theirs)
    np.testing.assert_allclose(outputs, expected[0], rtol=1e-5, atol=1e-6)
    assert_close(gradient["module"], expected[1])
    assert_close(trained["module"], expected[2])


# What is measured


def test_a_look_gives_the_outputs_and_what_each_site_computes_under_vmap():
    network = own(Compact, "swish", parameters={"beta": 1.5})
    params = population(network)
    outputs, sites = jax.jit(jax.vmap(lambda params: network.look(params, X)))(params)
    h = np.asarray(X).reshape(9, -1)[None]
    for layer, site in zip(("z_9", "z_8"), sites, strict=True):
        weights = params["module"][layer]
        z = h @ weights["kernel"] + weights["bias"][:, None]
        s = 1 / (1 + np.exp(-1.5 * z))
        h = z * s
        np.testing.assert_allclose(site.preactivation, z, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(site.activation, h, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(site.slope, s + 1.5 * h * (1 - s), rtol=1e-5, atol=1e-6)
    apply = jax.jit(jax.vmap(lambda params: network.apply({"params": params}, X)))
    np.testing.assert_allclose(outputs, apply(params), rtol=1e-6)


def measured(network, params):
    examples = training.Examples(X.reshape(9, -1), LABELS, jnp.ones(16), jnp.zeros(16), shape=SHAPE)
    return jax.jit(probes.probe, static_argnums=0)(network, params, examples)


def test_dead_units_are_those_counted_by_hand_in_rematerialised_blocks_too():
    network = own(Setup)
    params = initial(network)
    module = params["module"]
    module["stem"]["bias"] = module["stem"]["bias"].at[:1].set(-100)
    module["blocks_1"]["wide"]["bias"] = jnp.zeros(7).at[2:5].set(-100)
    captured = {"capture_intermediates": True, "mutable": ["intermediates"]}
    in_flax = functools.partial(Setup(jax.nn.relu, 3, SHAPE).apply, **captured)
    _, found = jax.jit(in_flax)({"params": module}, X)
    found, by_hand = found["intermediates"], []
    for z in (found["stem"], found["blocks_0"]["wide"], found["blocks_1"]["wide"]):
        by_hand.append(np.mean(np.all(np.asarray(z["__call__"][0]) <= 0, axis=(0, 1, 2))))
    assert by_hand[0] >= 1 / 4 and by_hand[2] >= 3 / 7
    seen = measured(network, params)
    np.testing.assert_allclose(seen.dead_fraction, by_hand, rtol=1e-6)
    gradient = jax.jit(jax.grad(lambda p: loss(network.apply({"params": p}, X))))(params)["module"]
    norms = [
        np.linalg.norm(np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(gradient[name])]))
        for name in ("position", "stem", "blocks_0", "blocks_1", "readout")
    ]
    np.testing.assert_allclose(seen.gradient_norm, norms, rtol=1e-4)


def test_what_a_loop_computes_is_not_measured_and_trains():
    network = own(Scanned, "prelu", parameters={"slope": 0.2})
    said = accept_module(network)
    assert (
        said == f"network {Scanned.__name__} applies its activation in a loop or a branch at 1 of "
        "3 sites, where dead and saturated units cannot be counted"
    )
    params = initial(network)
    assert params.keys() == {"module", "activation_1", "activation_2", "activation_3"}
    unknown = np.isnan(measured(network, params).dead_fraction)
    np.testing.assert_array_equal(unknown, [False, True, False])
    gradient = jax.jit(jax.grad(lambda p: loss(network.apply({"params": p}, X))))(params)
    # The slope in the loop is that of each of its layers.
    module = params["module"]

    def unrolled(slope):
        dense = lambda w, x: x @ w["kernel"] + w["bias"][None]  # noqa: E731
        prelu = lambda x, slope=0.2: jnp.where(x > 0, x, slope * x)  # noqa: E731
        x = prelu(dense(module["first"], X.reshape(9, -1)))
        for i in range(3):
            layer = jax.tree.map(lambda leaf, i=i: leaf[i], module["loop"]["Dense_0"])
            x = prelu(dense(layer, x), slope)
        return loss(dense(module["Dense_0"], prelu(dense(module["last"], x))))

    slopes = [gradient[f"activation_{i}"]["slope"] for i in (1, 2, 3)]
    np.testing.assert_allclose(slopes[1], jax.jit(jax.grad(unrolled))(0.2), rtol=1e-4)
    assert all(slope != 0 for slope in slopes)


def test_units_are_last_where_the_module_maps_over_examples():
    network = own(Mapped, "prelu", share="channel")
    params = initial(network)
    _, (site,) = jax.jit(network.look)(params, X)
    hidden = params["module"]["hidden"]
    z = X.reshape(9, -1) @ hidden["kernel"] + hidden["bias"][None]
    np.testing.assert_allclose(site.preactivation, z, rtol=1e-5, atol=1e-6)
    assert params["activation_1"]["slope"].shape == (5,)


def test_a_function_compiled_once_is_a_site_wherever_it_is_called():
    network = own(JittedTwice)
    assert accept_module(network) == ""
    _, sites = jax.jit(network.look)(initial(network), X)
    assert len(sites) == 2 and not np.array_equal(*(site.preactivation for site in sites))
    assert accept_module(own(JittedTwice, "prelu", share="network")) == ""


@pytest.mark.parametrize(
    ("cls", "activation", "function"),
    [(Gated, "glu", jax.nn.glu), (Compact, "softmax", jax.nn.softmax)],
)
def test_whole_vector_activations_have_no_slopes(cls, activation, function):
    network = own(cls, activation)
    assert accept_module(network) == ""
    params = initial(network)
    outputs, sites = jax.jit(network.look)(params, X)
    expected = jax.jit(cls(function, 3).apply)({"params": params["module"]}, X)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)
    assert all(np.isnan(site.slope).all() for site in sites)


# Learned parameters


@pytest.mark.parametrize(
    ("share", "layers", "shape"),
    [
        ("network", ["activation"], ()),
        ("layer", ["activation_1", "activation_2"], ()),
        ("channel", ["activation_1", "activation_2"], (5,)),
    ],
)
def test_slopes_are_learned_per_network_layer_or_channel(share, layers, shape):
    network = own(Compact, "prelu", share=share)
    params = population(network, parameters={"slope": np.float32([0.1, 0.3])})
    assert [*params] == [*layers, "module"]
    for layer in layers:
        np.testing.assert_allclose(params[layer]["slope"].reshape(2, -1)[:, 0], [0.1, 0.3])
        assert params[layer]["slope"].shape == (2, *shape)
    assert [v.shape for v in network.learned(params)["slope"]] == [(2, *shape) for _ in layers]
    decayed = jax.tree_util.tree_map_with_path(
        lambda path, _: not is_activation_parameter(path), params
    )
    assert {name: all(jax.tree.leaves(branch)) for name, branch in decayed.items()} == {
        name: name == "module" for name in params
    }

    first = jax.tree.map(lambda leaf: leaf[1], params)
    _, gradient, trained = jax.jit(
        lambda params: descend(lambda p: network.apply({"params": p}, X), params)
    )(first)

    def by_hand(slopes):
        """The module with the slopes written into a function of Python."""
        in_turn = iter(2 * slopes if share == "network" else slopes)
        module = first["module"]

        def activation(x):
            slope = jnp.broadcast_to(next(in_turn), x.shape[-1:])[None]
            return jnp.where(x > 0, x, slope * x)

        return loss(Compact(activation, 3).apply({"params": module}, X))

    expected = jax.jit(jax.grad(by_hand))([first[layer]["slope"] for layer in layers])
    for layer, slope in zip(layers, expected, strict=True):
        np.testing.assert_allclose(gradient[layer]["slope"], slope, rtol=1e-4, atol=1e-6)
        assert np.any(trained[layer]["slope"] != first[layer]["slope"])


# The module


@pytest.mark.parametrize(
    ("cls", "settings", "names"),
    [
        (Compact, {}, ["z_9", "z_8", "a"]),
        (Setup, {}, ["position", "stem", "blocks_0", "blocks_1", "readout"]),
        (
            Nnx,
            {"fields": (("depth", 11),)},
            ["stem", *(f"blocks/{i}" for i in range(11)), "a"],
        ),
        (Scanned, {}, ["first", "loop/Dense_0", "last", "Dense_0"]),
    ],
)
def test_layers_are_in_the_order_of_the_forward_pass(cls, settings, names):
    network = own(cls, **settings)
    params = jax.eval_shape(network.init, KEYS[0])["params"]
    layers = network.layers(params)
    assert [*layers] == names
    assert len(jax.tree.leaves(layers)) == len(jax.tree.leaves(params))


def test_fields_have_the_module_s_defaults_and_types():
    assert fields(f"{HERE}:Compact") == {"width": 5, "depth": 2}
    assert fields(Setup) == {"scale": 1.0}
    assert fields(Nnx) == {"depth": 2}
    network = own(Compact, fields=(("width", 7), ("depth", 3)))
    layers = network.layers(jax.eval_shape(network.init, KEYS[0])["params"])
    assert [layer["bias"].shape for layer in layers.values()] == [(7,), (7,), (7,), (3,)]


def test_a_network_is_a_static_argument_and_is_pickled():
    network = own(f"{HERE}:Compact", "prelu", parameters={"slope": 0.3}, learn=["slope"])
    copied = pickle.loads(pickle.dumps(network))
    assert (copied, hash(copied)) == (network, hash(network))


def test_the_page_runs_as_written(monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "own_network.md").read_text()
    *networks, in_python = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    written = types.ModuleType("my_networks")
    for code in networks:
        exec(code, vars(written))
    for module in (written.ConvNet, written.Residual):
        network = own(module, "prelu", input_shape=(8, 8, 1), share="channel")
        assert accept_module(network) == ""
        assert fields(module).keys() == {"width"}
    monkeypatch.setitem(sys.modules, "my_networks", written)
    names = {"jax": jax}

    def run(x):
        exec(in_python, names | {"x": x}, names)

    jax.eval_shape(run, jnp.ones((2, 8, 8, 1)))
    assert [site.slope.shape for site in names["sites"]] == [(2, 8, 8, 8), (2, 4, 4, 16), (2, 64)]
    assert names["outputs"].shape == (2, 10)
    assert names["params"]["activation_1"]["slope"].shape == (8,)


# Refusals


def linen(forward):
    """A Linen module with this forward pass."""

    class Bad(nn.Module):
        activation: object
        num_outputs: int

        @nn.compact
        def __call__(self, x):
            return forward(self, x.reshape(len(x), -1))

    return Bad


def nnx_with(layer):
    """An NNX module with this layer in it."""

    class Bad(nnx.Module):
        def __init__(self, activation, num_outputs, rngs):
            self.layer = layer(rngs)
            self.readout = Linear(16, num_outputs, rngs=rngs)
            self.activation = activation

        def __call__(self, x):
            return self.readout(self.activation(self.layer(x.reshape(len(x), -1))))

    return Bad


def hidden(self, x):
    return self.activation(Dense(4)(x))


class Without(nn.Module):
    num_outputs: int


class WithoutKeys(nnx.Module):
    def __init__(self, activation):
        pass


class Demanding(nn.Module):
    activation: object
    num_outputs: int
    depth: int


BATCH_NORM = "beside its parameters, which sweeps would not update: LayerNorm or GroupNorm in place"
RANDOM = "draws random numbers in its forward pass, as Dropout does, which sweeps have no keys for"
OUTPUT = r"must return float32 \[3, 3\] for 3 examples and num_outputs=3, not "
BAD = [
    ("tests.models.own_networkz:Compact", "there is no module .* on the Python path"),
    (f"{HERE}:Compcat", "has no class 'Compcat'; did you mean 'Compact'"),
    (f"{HERE}:build", "is no Flax module: a network of your own is a class that inherits from"),
    (Without, "takes no activation: the constructor .* takes activation and num_outputs$"),
    (WithoutKeys, "takes no num_outputs and rngs: .* takes activation, num_outputs and rngs$"),
    (Demanding, "takes 'depth' without a default: give it one$"),
    (linen(lambda self, x: hidden(self, x)[..., None]), OUTPUT + r"float32 \[3, 4, 1\]$"),
    (linen(lambda self, x: (hidden(self, x), x)), OUTPUT + "tuple$"),
    (
        linen(lambda self, x: Dense(3, dtype=jnp.bfloat16)(hidden(self, x))),
        OUTPUT + r"bfloat16 \[3, 3\]$",
    ),
    (
        linen(lambda self, x: Dense(3, param_dtype=jnp.bfloat16)(hidden(self, x))),
        "has parameters of bfloat16: sweeps train float32$",
    ),
    (
        linen(lambda self, x: hidden(self, x) @ jnp.zeros((5, 3))),
        r"raises for inputs \[batch, 4, 4, 1\]: TypeError: dot_general requires",
    ),
    (
        linen(lambda self, x: hidden(self, x) if x.sum() > 0 else x),
        "raises for inputs .*: TracerBoolConversionError: Attempted boolean conversion",
    ),
    (linen(lambda self, x: Dense(3)(x)), "does not call its activation in the forward pass"),
    (linen(lambda self, x: self.activation(x[:, :3])), "has no parameters to train$"),
    (
        linen(lambda self, x: nn.BatchNorm(use_running_average=False)(hidden(self, x))),
        f"keeps batch_stats {BATCH_NORM}",
    ),
    (nnx_with(lambda rngs: nnx.BatchNorm(16, rngs=rngs)), "keeps BatchStat layer.mean and Batch"),
    (linen(lambda self, x: nn.Dropout(0.5, deterministic=False)(hidden(self, x))), RANDOM),
    (nnx_with(lambda rngs: nnx.Dropout(0.5, rngs=rngs)), RANDOM),
    (
        linen(
            lambda self, x: jax.lax.while_loop(
                lambda x: x.sum() < 3, lambda x: x + 1, Dense(3)(hidden(self, x))
            )
        ),
        "cannot be trained: ValueError: Reverse-mode differentiation does not work",
    ),
]


@pytest.mark.parametrize(("module", "sentence"), BAD)
def test_a_module_that_cannot_be_trained_is_refused_in_a_sentence(module, sentence):
    with pytest.raises(ValueError, match=sentence) as refused:
        accept_module(own(module))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fields": (("dept", 3),)}, "has no field 'dept'; did you mean 'depth'?"),
        ({"fields": (("depth", 2.0),)}, "depth must be of type int, as its default 2, not 2.0"),
        ({"share": "chanel"}, "Unknown share 'chanel'"),
        ({"parameters": {"slop": 1.0}}, "has no parameter 'slop'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        accept_module(own(Compact, "prelu", **settings))


def test_one_compiled_function_cannot_learn_a_slope_for_each_place():
    with pytest.raises(ValueError, match="share='network' learns one for all"):
        accept_module(own(JittedTwice, "prelu"))


def test_initial_weights_are_the_module_s_own():
    with pytest.raises(ValueError, match="draws its weights itself, and takes no gain other than"):
        population(own(Compact), gain=np.float32([1, 2]))
    with pytest.raises(ValueError, match=r"made for inputs of shape \(4, 4, 1\), not \(16,\)"):
        own(Compact).init_population((16,), KEYS)
    population(own(Compact), gain=np.float32([1, 1]))
