"""Every kind of network in the population is the one that flax and optax alone train."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn

from acts_jax import training
from acts_jax.errors import ConfigError
from acts_jax.sweep import checkpoint, engine, launch, packing, running
from acts_jax.sweep.config import make_config

pytestmark = pytest.mark.slow

STEPS = 50
SMALL = {"batch_size": 16, "epochs": 1, "evals": 1, "seed": "0,1", "learning_rate": "0.001,0.003"}


class Perceptron(nn.Module):
    residual: bool = False

    @nn.compact
    def __call__(self, x):
        x = nn.tanh(nn.Dense(12, name="hidden_1")(x.reshape(len(x), -1)))
        y = nn.tanh(nn.Dense(12, name="hidden_2")(x))
        return nn.Dense(10, name="readout")(x + y if self.residual else y)


class Convolutional(nn.Module):
    @nn.compact
    def __call__(self, x):
        for layer, channels in enumerate((3, 6), start=1):
            x = nn.tanh(nn.Conv(channels, (3, 3), name=f"hidden_{layer}")(x))
            x = nn.max_pool(x, (2, 2), (2, 2))
        x = nn.tanh(nn.Dense(8, name="hidden_3")(x.reshape(len(x), -1)))
        return nn.Dense(10, name="readout")(x)


class Transformer(nn.Module):
    @nn.compact
    def __call__(self, x):
        n, side, _, channels = x.shape
        x = x.reshape(n, side // 4, 4, side // 4, 4, channels).transpose(0, 1, 3, 2, 4, 5)
        x = nn.Dense(12, name="embedding")(x.reshape(n, -1, 16 * channels))
        x = x + self.param("position", nn.initializers.zeros, x.shape[1:])[None]
        for b in (1, 2):
            y = nn.LayerNorm(name=f"attention_norm_{b}")(x)
            x = x + nn.MultiHeadDotProductAttention(num_heads=3, name=f"attention_{b}")(y)
            y = nn.LayerNorm(name=f"hidden_norm_{b}")(x)
            y = nn.tanh(nn.Dense(24, name=f"hidden_{b}")(y))
            x = x + nn.Dense(12, name=f"projection_{b}")(y)
        return nn.Dense(10, name="readout")(nn.LayerNorm(name="norm")(x).mean(axis=1))


PLAIN = {
    "mlp": (Perceptron(), {"depth": 2, "width": 12}),
    "resmlp": (Perceptron(residual=True), {"depth": 2, "width": 12}),
    "cnn": (Convolutional(), {"depth": 2, "width": 3, "cnn": {"dense": 8}}),
    "vit": (Transformer(), {"depth": 2, "width": 12, "vit": {"heads": 3, "expand": 2}}),
}


OWN = """
from flax import linen as nn

class Net(nn.Module):
    activation: object
    num_outputs: int
    width: int = 6

    @nn.compact
    def __call__(self, x):
        for _ in range(2):
            x = self.activation(nn.Conv(self.width, (3, 3), strides=2)(x))
        return nn.Dense(self.num_outputs)(x.reshape(len(x), -1))
"""
EVERY = {
    **{model: {"model": model} | fields for model, (_, fields) in PLAIN.items()},
    "own": {"model": "users_net:Net", "width": 6},
}


@pytest.fixture(autouse=True)
def users_net(tmp_path_factory, monkeypatch):
    """A network of a user's own."""
    folder = tmp_path_factory.mktemp("users")
    (folder / "users_net.py").write_text(OWN)
    monkeypatch.syspath_prepend(folder)


def group_of(model, **fields):
    (group,) = launch.make_plan(make_config(**SMALL | EVERY[model] | fields)).groups
    return group


def run(group, dataset, **options):
    data = engine.put(dataset, "unit", packing.devices_for(group, 2))
    return running.run(engine.build(group, dataset, data, 2), group, **options)


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
@pytest.mark.parametrize("model", PLAIN)
def test_a_cell_is_the_network_that_a_plain_loop_of_flax_and_optax_trains(model, optimizer, digits):
    plain, _ = PLAIN[model]
    group = group_of(model, activation="tanh", optimizer=optimizer, record="parameters")
    static, trained = group.static, run(group, digits).parameters

    cell = 3  # of seed 1 and the larger rate
    network = engine.make_model(static, engine.resolve(static, digits), {})
    start = engine.initial_params(network, group, digits.input_shape)
    params = jax.tree.map(lambda leaf: leaf[cell], start)
    inputs, labels = jnp.asarray(digits.train.inputs, jnp.float32) / 255, digits.train.labels
    seed, rate = (group.traced[name][cell] for name in ("seed", "learning_rate"))
    update = optax.adam(rate) if optimizer == "adam" else optax.sgd(rate, momentum=0.9)
    state = update.init(params)

    @jax.jit
    def step(params, state, x, y):
        def loss(params):
            outputs = plain.apply({"params": params}, x)
            return optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()

        updates, state = update.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    order = np.asarray(training.batch_order(seed, 0, len(inputs), static.batch_size))
    assert len(order) >= STEPS
    for batch in order:
        params, state = step(params, state, inputs[batch], labels[batch])
    leaves = jax.tree_util.tree_leaves_with_path(params)
    assert len(leaves) == len(trained)
    for path, expected in leaves:
        name = ".".join(entry.key for entry in path)
        if name.endswith("key.bias"):
            continue  # softmax takes no notice of it: its gradient is rounding noise
        np.testing.assert_allclose(trained[name][cell], expected, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("model", EVERY)
def test_going_on_from_a_checkpoint_changes_no_bit(model, digits, tmp_path):
    group = group_of(
        model, activation="prelu", share="channel", patience=2, epochs=4, evals=4, batch_size=512
    )

    def stop(standing):
        if standing.evaluations == 2:
            checkpoint.save(tmp_path / "point", group, standing)
            raise StopIteration

    whole = run(group, digits)
    with pytest.raises(StopIteration):
        run(group, digits, on_chunk=stop)
    data = engine.put(digits, "unit", packing.devices_for(group, 2))
    program = engine.build(group, digits, data, 2)
    start = checkpoint.load(tmp_path / "point", group, running.beginning(program, group))
    resumed = running.run(program, group, start=start)
    assert resumed.metrics.keys() == whole.metrics.keys()
    for name, values in whole.metrics.items():
        np.testing.assert_array_equal(resumed.metrics[name], values, err_msg=name)


@pytest.mark.parametrize("task", ["two classes", "regression"])
@pytest.mark.parametrize("model", EVERY)
def test_every_model_has_every_head(model, task, digits):
    def changed(split):
        if task == "two classes":
            return dataclasses.replace(split, labels=(split.labels > 4).astype(np.int32))
        return dataclasses.replace(split, labels=((split.labels - 4.5) / 3).astype(np.float32))

    names = ("0 to 4", "5 to 9") if task == "two classes" else ()
    splits = {name: changed(getattr(digits, name)) for name in ("train", "validation", "test")}
    kind = "classification" if names else "regression"
    dataset = dataclasses.replace(digits, class_names=names, task=kind, **splits)
    group = group_of(model, epochs=3, learning_rate=0.02)
    assert engine.check_network(group.static, dataset) == ""
    first, last = run(group, dataset).metrics["test_loss"].T[[0, -1]]
    assert (last < 0.9 * first).all()


@pytest.mark.parametrize("model", EVERY)
def test_sites_and_layers_are_measured_where_they_are(model, digits):
    group = group_of(model, activation="prelu", share="channel")
    metrics = run(group, digits).metrics
    sites, layers, units = {
        "mlp": (2, 3, 12),
        "resmlp": (2, 3, 12),
        "cnn": (3, 4, 8),
        "vit": (2, 4, 24),
        "own": (2, 3, 6),
    }[model]
    assert metrics["dead_fraction"].shape == (4, 2, sites)
    assert metrics["gradient_norm"].shape == (4, 2, layers)
    assert (metrics["gradient_norm"] > 0).all()
    slopes = metrics["prelu.slope"]
    assert slopes.shape == (4, 2, sites, units)
    assert np.isfinite(slopes).any(axis=-1).all()
    assert (slopes[:, 0] == 0.25)[np.isfinite(slopes[:, 0])].all()


@pytest.mark.parametrize(
    ("fields", "dataset", "message"),
    [
        ({"model": "cnn"}, "wine", "wine: A CNN takes images of shape (height, width, channels), "),
        ({"model": "vit"}, "wine", "wine: A ViT takes images of shape (height, width, channels), "),
        ({"model": "cnn", "depth": 4}, "digits", "digits: "),
        ({"model": "vit", "vit": {"patch": 3}}, "digits", "digits: Patches of 3x3 do not divide "),
        ({"model": "vit", "width": 10}, "digits", "digits: 4 heads do not divide a width of 10"),
        ({"model": "resmlp", "hidden_sizes": "4-8"}, "digits", "digits: Skip connections need "),
        (
            {"model": "users_net:Nett"},
            "digits",
            "'users_net:Nett': module 'users_net' has no class 'Nett'; did you mean 'Net'?",
        ),
        ({"model": "users_net:Net", "batch_size": 5000}, "digits", "batch_size 5000 exceeds"),
    ],
)
def test_what_does_not_fit_is_refused_at_planning(fields, dataset, message, data_dir):
    with pytest.raises(ConfigError) as error:
        plan = launch.make_plan(make_config(dataset=dataset, **fields))
        launch.load_datasets(plan, data_dir)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


def test_a_gated_activation_stands_in_a_transformer_and_nowhere_else(digits):
    group = group_of("vit", activation="swiglu")
    metrics = run(group, digits).metrics
    assert np.isnan(metrics["dead_fraction"]).all() and np.isfinite(metrics["test_loss"]).all()
    with pytest.raises(ConfigError, match="must map a float32 array to one of the same shape"):
        group_of("cnn", activation="swiglu")
