"""The engine: a cell of a population is the cell trained alone."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from acts_jax import data, training
from acts_jax.activations import catalogue
from acts_jax.errors import ConfigError
from acts_jax.models import MLP
from acts_jax.sweep import engine, grid, launch, packing, running
from acts_jax.sweep.config import make_config
from acts_jax.training import probes

pytestmark = pytest.mark.slow


def outcome_of(dataset, pack=None, **fields):
    """The group and the outcome of a config with one program."""
    (group,) = grid.plan(make_config(**fields), catalogue.get, lambda name: None).groups
    pack = pack or packing.PACK["cpu"]
    splits = engine.put(dataset, group.static.preprocessing, packing.devices_for(group, pack))
    program = engine.build(group, dataset, splits, pack)
    return group, running.run(program, group)


def reduced(dataset, size, **changes):
    train = dataset.train
    small = dataclasses.replace(train, inputs=train.inputs[:size], labels=train.labels[:size])
    return dataclasses.replace(dataset, train=small, **changes)


def plain_training(dataset, optimizer, batch_size, **fields):
    """The usual jitted step in a Python loop: a function to the training loss after every step."""
    model = MLP(num_outputs=10, **fields)
    pixels = dataset.train.inputs.reshape(len(dataset.train.labels), -1)
    inputs, labels = jnp.asarray(pixels * np.float32(1 / 255)), jnp.asarray(dataset.train.labels)
    make = {
        "momentum": lambda rate: optax.sgd(rate, momentum=0.9),
        "adamw": lambda rate: optax.adamw(rate, b1=0.9, weight_decay=0.0),
    }[optimizer]

    @jax.jit
    def loss(params, x, y):
        log_p = jax.nn.log_softmax(model.apply({"params": params}, x))
        return -jnp.take_along_axis(log_p, y[:, None], axis=1).mean()

    @jax.jit
    def step(params, state, x, y, rate):
        updates, state = make(rate).update(jax.grad(loss)(params, x, y), state, params)
        return optax.apply_updates(params, updates), state

    def train(seed, rate, steps):
        params = model.init(training.key_for(seed, "init"), inputs[:1])["params"]
        state, losses = make(rate).init(params), [loss(params, inputs, labels)]
        for epoch in range(steps):
            (batch,) = training.batch_order(seed, epoch, len(labels), batch_size)
            params, state = step(params, state, inputs[batch], labels[batch], rate)
            losses.append(loss(params, inputs, labels))
        return np.array(losses)

    return train


@pytest.mark.parametrize(
    ("activation", "optimizer", "init"),
    [
        ("relu", "momentum", "lecun_normal"),
        ("prelu", "momentum", "he_normal"),
        ("gelu", "adamw", "torch_default"),
        ("tanh", "momentum", "second_moment"),
    ],
)
def test_a_cell_of_the_population_is_the_cell_trained_alone(digits, activation, optimizer, init):
    """Loss within 1e-4 over 50 steps, for every cell of 3 rates x 3 seeds: two devices, padding."""
    dataset = reduced(digits, 100)
    rates = (0.001, 0.01, 0.03) if optimizer == "momentum" else (1e-4, 1e-3, 3e-3)
    group, outcome = outcome_of(
        dataset,
        pack=4,
        activation=activation,
        optimizer=optimizer,
        init=init,
        depth=3,
        width=32,
        learning_rate=rates,
        seed=(0, 1, 5),
        batch_size=64,  # one batch an epoch: every step is evaluated
        epochs=50,
        evals=50,
    )
    assert outcome.metrics["train_loss"].shape == (9, 51)
    train_alone = plain_training(
        dataset, optimizer, 64, activation=activation, initializer=init, hidden_sizes=(32, 32, 32)
    )
    for i, losses in enumerate(outcome.metrics["train_loss"]):
        rate, seed = (group.traced[name][i] for name in ("learning_rate", "seed"))
        np.testing.assert_allclose(losses, train_alone(int(seed), rate, steps=50), rtol=1e-4)


def test_fit_returns_the_network_of_a_cell(digits):
    """Loss and gradient of every layer, by seed and rate, for fits under jit and vmap."""
    dataset = reduced(digits, 200)
    group, outcome = outcome_of(
        dataset,
        activation="prelu",
        width=16,
        optimizer="adamw",
        learning_rate=(0.003, 0.03),
        weight_decay=0.01,
        seed=(0, 7),
        batch_size=64,
        epochs=4,
        evals=1,
    )
    examples = jax.device_put(engine.splits_of(dataset, "unit").train)
    model = MLP((16, 16), "prelu", 10)

    @jax.jit
    def measure(seed, rate):
        hyperparameters = training.Hyperparameters(rate, jnp.float32(0.9), jnp.float32(0.01))
        params = training.fit(
            model,
            examples,
            seed=seed,
            epochs=4,
            batch_size=64,
            optimizer="adamw",
            hyperparameters=hyperparameters,
        )
        return probes.probe(model, params, examples)

    seeds, rates = (jnp.asarray(group.traced[name]) for name in ("seed", "learning_rate"))
    measured = jax.vmap(measure)(seeds, rates)
    metrics = outcome.metrics
    np.testing.assert_allclose(measured.loss, metrics["train_loss"][:, -1], rtol=1e-5)
    np.testing.assert_allclose(measured.gradient_norm, metrics["gradient_norm"][:, -1], rtol=1e-3)
    assert len(set(metrics["train_loss"][:, -1])) == 4


def test_fit_goes_on_from_the_network_it_is_given(digits):
    examples = jax.device_put(engine.splits_of(reduced(digits, 64), "unit").train)
    model, options = MLP((8,), "tanh", 10), {"seed": 3, "batch_size": 32}
    options["hyperparameters"] = training.Hyperparameters(0.1, 0.9, 0.0)
    params = model.init_population((64,), training.key_for(3, "init")[None])
    params = jax.tree.map(lambda leaf: leaf[0], params)
    untrained = training.fit(model, examples, epochs=0, params=params, **options)
    jax.tree.map(np.testing.assert_array_equal, untrained, params)
    drawn = training.fit(model, examples, epochs=0, **options)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), drawn, params)


@pytest.fixture(scope="module")
def in_company(digits):
    return outcome_of(
        digits,
        activation="prelu",
        learning_rate="0.01,0.03,0.05,0.1,3",
        seed="0,1,2",
        epochs=3,
        width=16,
        evals=3,
    )


def test_a_cell_does_not_depend_on_the_grid_it_is_in(digits, in_company):
    _, many = in_company
    _, few = outcome_of(
        digits, activation="prelu", learning_rate="0.1", seed="2", epochs=3, width=16, evals=3
    )
    for name, values in few.metrics.items():
        np.testing.assert_array_equal(values[0], many.metrics[name][11], err_msg=name)


def test_a_cell_alone_is_compiled_as_in_a_group_for_all_devices(digits):
    """XLA sums the squares of this gradient in another order in a program for one CPU device."""
    fields = {"activation": "relu", "width": 64, "epochs": 1, "evals": 1}
    _, one = outcome_of(digits, learning_rate=0.001, seed=0, **fields)
    _, many = outcome_of(digits, learning_rate="logspace(1e-3,1,7)", seed="0,1", **fields)
    for name, values in one.metrics.items():
        np.testing.assert_array_equal(values[0], many.metrics[name][0], err_msg=name)


def test_a_diverged_cell_stops_counting_and_poisons_no_neighbour(in_company):
    _, outcome = in_company
    diverged = outcome.diverged_step >= 0
    assert list(np.flatnonzero(diverged)) == [12, 13, 14]
    assert (outcome.diverged_step[diverged] <= outcome.steps[-1]).all()
    for name, values in outcome.metrics.items():
        assert np.isnan(values[diverged, -1]).all(), name
        assert np.isfinite(values[~diverged]).all(), name
        assert np.isfinite(values[diverged, 0]).all(), name


def test_every_metric_has_its_shape(in_company):
    group, outcome = in_company
    assert list(outcome.epochs) == [0, 1, 2, 3]
    assert list(outcome.steps) == [0, 18, 36, 54]
    shapes = {name: values.shape for name, values in outcome.metrics.items()}
    layered = {"gradient_norm": 3, "dead_fraction": 2, "saturated_fraction": 2, "prelu.slope": 2}
    plain = [
        f"{split}_{score}"
        for split in ("train", "validation", "test")
        for score in ("loss", "accuracy", "balanced_accuracy")
    ]
    assert shapes == {n: (group.size, 4, layers) for n, layers in layered.items()} | {
        name: (group.size, 4) for name in plain
    }


def test_learned_slopes_start_where_they_are_told_and_move(digits):
    _, outcome = outcome_of(
        digits,
        activation="prelu",
        prelu={"slope": "0.1,0.5"},
        share="network",
        epochs=1,
        evals=1,
        width=16,
        learning_rate=0.1,
    )
    slopes = outcome.metrics["prelu.slope"]
    np.testing.assert_allclose(slopes[:, 0], [0.1, 0.5], rtol=1e-6)
    assert (np.abs(slopes[:, 1] - slopes[:, 0]) > 1e-3).all()


def test_fixed_slopes_are_a_traced_axis(digits):
    group, outcome = outcome_of(
        digits,
        activation="leaky_relu",
        leaky_relu={"negative_slope": "0.01,0.3"},
        epochs=1,
        evals=1,
        width=16,
        learning_rate=0.1,
    )
    assert group.size == 2
    first, second = outcome.metrics["train_loss"][:, -1]
    assert first != second
    _, alone = outcome_of(
        digits,
        activation="leaky_relu",
        leaky_relu={"negative_slope": 0.3},
        epochs=1,
        evals=1,
        width=16,
        learning_rate=0.1,
    )
    assert alone.metrics["train_loss"][0, -1] == second


def test_saturation_has_the_limit_of_each_cell_s_own_parameters(digits):
    """A slope on the left far above that on the right: units that stay right are saturated."""
    slopes = (0.5, 400.0)
    group, outcome = outcome_of(
        reduced(digits, 100),
        activation="leaky_relu",
        leaky_relu={"negative_slope": slopes},
        seed="0,1,2,3",
        epochs=1,
        evals=1,
        width=16,
        learning_rate=1e-6,
    )
    saturated = outcome.metrics["saturated_fraction"][:, 0].max(axis=1)
    steep = group.parameters["negative_slope"] > 1
    assert (saturated[~steep] == 0).all()
    assert saturated[steep].max() > 0


def test_one_channel_per_unit(digits):
    _, outcome = outcome_of(
        digits, activation="prelu", share="channel", epochs=1, evals=1, width=16, learning_rate=0.1
    )
    assert outcome.metrics["prelu.slope"].shape == (1, 2, 2, 16)
    assert np.unique(outcome.metrics["prelu.slope"][0, -1]).size > 16


@pytest.mark.parametrize("fields", [
    {"layer_norm": True},
    {"hidden_sizes": "24-12-6", "activation": "sbaf"},
    {"depth": 0},
    {"activation": "softmax"},
    {"optimizer": "sgd", "weight_decay": 0.01},
    {"preprocessing": "standardize", "optimizer": "adam", "learning_rate": 0.001},
])  # fmt: skip
def test_every_kind_of_network_learns(digits, fields):
    _, outcome = outcome_of(digits, **{"width": 16, "epochs": 4, "evals": 1, **fields})
    start, end = outcome.metrics["train_loss"][0]
    assert end < start
    assert (
        outcome.metrics["gradient_norm"].shape[2] == len(outcome.metrics["dead_fraction"][0, 0]) + 1
    )


def test_two_classes_have_a_sigmoid_and_a_regression_a_linear_head(digits):
    two = _relabelled(digits, lambda y: (y % 2).astype(np.int32), ("even", "odd"), "classification")
    _, outcome = outcome_of(two, width=16, epochs=4, evals=1)
    assert outcome.metrics["test_accuracy"][0, -1] > 0.8
    real = _relabelled(digits, lambda y: y.astype(np.float32) / 9, (), "regression")
    _, outcome = outcome_of(real, width=16, epochs=4, evals=1, learning_rate=0.01)
    assert outcome.metrics["test_loss"][0, -1] < outcome.metrics["test_loss"][0, 0]
    assert np.isnan(outcome.metrics["test_accuracy"]).all()


def _relabelled(dataset, change, class_names, task):
    splits = {
        name: dataclasses.replace(split, labels=change(split.labels))
        for name in ("train", "validation", "test")
        for split in [getattr(dataset, name)]
    }
    return dataclasses.replace(dataset, class_names=class_names, task=task, **splits)


def test_what_does_not_fit_the_data_is_refused(digits):
    def static(**fields):
        (group,) = grid.plan(make_config(**fields), catalogue.get, lambda name: None).groups
        return group.static

    with pytest.raises(
        ConfigError, match=r"head .linear. does not fit digits .10 classes.; use 'so"
    ):
        engine.resolve(static(head="linear"), digits)
    with pytest.raises(ConfigError, match="batch_size 5000 exceeds the 1157 training examples"):
        engine.resolve(static(batch_size=5000), digits)


def test_the_pack_changes_nothing_but_rounding(digits):
    fields = {"activation": "tanh", "seed": "range(5)", "epochs": 1, "evals": 1, "width": 16}
    _, wide = outcome_of(digits, pack=8, **fields)
    _, narrow = outcome_of(digits, pack=1, **fields)
    np.testing.assert_allclose(wide.metrics["train_loss"], narrow.metrics["train_loss"], rtol=1e-4)


def test_errors_of_a_regression_are_told_in_the_units_of_its_target(data_dir):
    dataset = data.load("diabetes", data_dir=data_dir)
    _, outcome = outcome_of(dataset, width=4, depth=1, epochs=1, evals=1)
    for split in ("train", "validation", "test"):
        loss = outcome.metrics[f"{split}_loss"]  # half the squared error of a standardised target
        np.testing.assert_allclose(
            outcome.metrics[f"{split}_rmse"], dataset.target_scale * np.sqrt(2 * loss), rtol=1e-6
        )
    # A network that is still near 0 misses by the spread of the targets.
    assert 0.5 < outcome.metrics["train_rmse"][0, 0] / dataset.target_scale < 2


def test_balanced_accuracy_is_that_of_each_splits_own_classes(data_dir):
    dataset = data.load("breast_cancer", data_dir=data_dir)
    _, outcome = outcome_of(dataset, width=4, depth=1, epochs=1, evals=1, seed=3)
    model = MLP((4,), "relu", 1)
    scale, shift = data.preprocessing("unit", dataset.train.inputs)
    params = model.init(training.key_for(3, "init"), jnp.zeros((1, len(scale))))["params"]
    for split in ("train", "validation", "test"):
        inputs, labels = getattr(dataset, split).inputs, getattr(dataset, split).labels
        outputs = model.apply({"params": params}, jnp.asarray(inputs * scale + shift))
        hits = (np.asarray(outputs[:, 0]) > 0) == (labels == 1)
        found = outcome.metrics[f"{split}_balanced_accuracy"][0, 0]
        assert found == pytest.approx(data.balanced_accuracy(hits, labels, 2), rel=1e-5)
        assert outcome.metrics[f"{split}_accuracy"][0, 0] == pytest.approx(hits.mean(), rel=1e-5)


def test_images_stay_bytes_on_the_device(digits):
    """60,000 images of 784 pixels are 47 MB; as float32 they would be 188 MB, in every program."""
    draw, size, pixels = np.random.default_rng(0), 8192, 784

    def split(count):
        images = draw.integers(0, 256, (count, 28, 28, 1), np.uint8)
        return dataclasses.replace(
            digits.train, inputs=images, labels=draw.integers(0, 10, count).astype(np.int32)
        )

    dataset = dataclasses.replace(
        digits, train=split(size), validation=split(99), test=split(99), input_shape=(28, 28, 1)
    )
    config = make_config(width=4, depth=1, epochs=1, evals=1)
    (group,) = grid.plan(config, catalogue.get, lambda name: None).groups
    there = engine.put(dataset, "unit", packing.devices_for(group, 1))
    assert there.rows.inputs.dtype == np.uint8
    memory = engine.build(group, dataset, there, 1).chunk.memory_analysis()
    assert memory.temp_size_in_bytes < size * pixels / 2


def test_groups_that_differ_in_initial_weights_share_a_program(digits):
    inits = "lecun_normal", "he_normal", "second_moment"
    config = make_config(init=inits, width=8, epochs=1, evals=1)
    groups = grid.plan(config, catalogue.get, lambda name: None).groups
    compiled = {}
    data = engine.put(digits, "unit", jax.local_devices())
    programs = [engine.build(group, digits, data, 2, compiled=compiled) for group in groups]
    assert len(compiled) == 1
    assert len({id(program.chunk) for program in programs}) == 1
    kernels = [program.state[0].params["hidden_1"]["kernel"] for program in programs]
    assert not np.array_equal(kernels[0], kernels[1])


def test_no_device_ever_waits_for_another(digits):
    """One that still trains would let the others wait, which XLA ends after a while."""
    (group,) = launch.make_plan(make_config(seed="0,1,2", depth=1, epochs=4, evals=2)).groups
    data = engine.put(digits, "unit", jax.local_devices())
    program = engine.build(group, digits, data, 2)
    everywhere, per_epoch = data.rows.labels.sharding, data.sizes[0] // group.static.batch_size
    drawn = running._drawn.lower(
        program.seeds, np.int32(0), everywhere.mesh, 2, data.sizes[0], group.static.batch_size
    ).compile()
    apart = drawn(program.seeds, np.int32(0))
    order = running.orders(program, group.static, per_epoch, 3 * per_epoch)
    assert order.sharding.is_fully_replicated and len(order) == program.room

    def shifted(order):
        return jnp.roll(order, -1, axis=1)

    def filled(order):
        return jnp.pad(order, ((0, 2), (0, 0), (0, 0)))

    def text(function, array):
        return jax.jit(function).lower(array).compile().as_text()

    meeting = re.compile("collective|all-(gather|reduce|to-all)")
    programs = [program.chunk.as_text(), drawn.as_text(), text(shifted, apart), text(filled, order)]
    assert not any(map(meeting.search, programs))
    assert meeting.search(text(filled, apart))  # as it would be without a copy on every device
