"""The rivals of the engine do the same work; how fast they are is not tested."""

import dataclasses
import importlib.util
import math

import jax
import numpy as np
import pytest

from acts_jax.benchmarks import rivals, sweeps

pytestmark = pytest.mark.slow

TASK = rivals.Task((6, 5, 4, 3), batch_size=4, population=3, steps=6, learning_rate=0.05)


@pytest.fixture(scope="module")
def start():
    return rivals.initial_weights(TASK)


@pytest.mark.parametrize("rival", rivals.RIVALS, ids=lambda rival: rival.name)
def test_every_rival_takes_the_same_steps(rival, start):
    """Weights within rounding of steps written out in NumPy, which are far from the start."""
    if rival not in (rivals.Engine, rivals.Loop):
        pytest.importorskip("torch")
    ours = rival(TASK, start)
    try:
        ours.setup()
        given = ours.weights()
        ours.step_all()
        weights = ours.weights()
    finally:
        ours.close()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), given, start)
    for n in range(TASK.population):
        before, after = (_layers(w, n) for w in (start, weights))
        by_hand = _by_hand(before, TASK.order()[n])
        for (kernel, bias), expected, (first, _) in zip(after, by_hand, before, strict=True):
            np.testing.assert_allclose(kernel, expected[0], atol=1e-5)
            np.testing.assert_allclose(bias, expected[1], atol=1e-5)
            assert np.abs(kernel - first).max() > 1e-3


def _layers(weights, n):
    """(kernel, bias) of each layer of a network, from the inputs on."""
    names = "hidden_1", "hidden_2", "readout"
    return [(weights[f"{name}.kernel"][n], weights[f"{name}.bias"][n]) for name in names]


@pytest.mark.parametrize(
    "task",
    [
        rivals.Task(((6, 5, 2), 3, 4), 4, 3, 6, "tanh", 0.05, model="cnn"),
        rivals.Task(((8, 8, 1), 8, 8, 4), 4, 3, 6, "gelu", 0.05, model="vit"),
    ],
    ids=lambda task: task.model,
)
def test_rivals_agree_on_networks_of_images(task):
    start, ended = rivals.initial_weights(task), {}
    torch = importlib.util.find_spec("torch") is not None
    others = (rivals.Eager, rivals.Vmapped) if torch else ()
    for rival in (rivals.Engine, rivals.Loop, *others):
        ours = rival(task, start)
        ours.setup()
        given = ours.weights()
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), given, start)
        ours.step_all()
        ended[rival] = ours.weights()
    for weights in ended.values():
        assert weights.keys() == start.keys()
        for name, values in weights.items():
            if not name.endswith("key.bias"):  # whose gradient is 0, but for rounding
                expected = ended[rivals.Loop][name]
                np.testing.assert_allclose(values, expected, atol=2e-5, err_msg=name)
                assert np.abs(values - start[name]).max() > 1e-5, name
    assert task.flops > 0 and task.loss(start).shape == (3,)


def _by_hand(weights, order):
    """Heavy-ball SGD on a relu net with softmax and cross-entropy, in float64."""
    inputs, labels = TASK.examples()
    weights = [tuple(a.astype(np.float64) for a in layer) for layer in weights]
    velocity = [tuple(map(np.zeros_like, layer)) for layer in weights]
    for index in order:
        outputs = [inputs[index].astype(np.float64)]
        for kernel, bias in weights[:-1]:
            outputs.append(np.maximum(outputs[-1] @ kernel + bias, 0))
        logits = outputs[-1] @ weights[-1][0] + weights[-1][1]
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        delta = (p - np.eye(len(p[0]))[labels[index]]) / len(index)
        for i in reversed(range(len(weights))):
            gradient = outputs[i].T @ delta, delta.sum(axis=0)
            if i:
                delta = delta @ weights[i][0].T * (outputs[i] > 0)
            velocity[i] = tuple(
                TASK.momentum * v + g for v, g in zip(velocity[i], gradient, strict=True)
            )
        weights = [
            tuple(w - TASK.learning_rate * v for w, v in zip(*pair, strict=True))
            for pair in zip(weights, velocity, strict=True)
        ]
    return weights


def test_a_step_of_64_64_10_is_counted_by_hand():
    task = rivals.Task((64, 64, 10), batch_size=2, population=1, steps=1)
    forward_and_weights = 2 * 2 * (64 * 64 + 64 * 10)
    assert task.flops == 2 * (forward_and_weights + 2 * 64 * 10)


def test_a_rival_that_learns_something_else_is_marked():
    timing = sweeps.Timing("x", 1, 1, 1, 1, 0.5, 1.0, loss_error=0.0)
    other = dataclasses.replace(timing, rival="y", loss=1.03, loss_error=0.03)
    same = sweeps.Comparison(TASK, TASK.flops, 100.0, (timing, timing), {})
    assert same.agree
    assert not dataclasses.replace(same, timings=(timing, other)).agree


@pytest.mark.parametrize(
    ("net", "message"),
    [("64-10", "written as"), ("64-x:3", "written as"), ("64-0-3:3", "written as")],
)
def test_nets_are_written_one_way(net, message):
    with pytest.raises(ValueError, match=message):
        sweeps.tasks_of([net], 1, 1, "relu")


@pytest.mark.parametrize("model", sweeps.NETS)
def test_every_model_has_a_net_to_begin_with(model):
    tasks = sweeps.tasks_of(sweeps.NETS[model], 1, 1, "relu", model=model)
    assert {task.model for task in tasks} == {model}
    with pytest.raises(ValueError, match=f"written as {sweeps.NETS[model][0]}"):
        sweeps.tasks_of(["8x8-4-2:3"], 1, 1, "relu", model=model)


def test_activations_are_those_that_all_rivals_have():
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        sweeps.tasks_of(["4-3-2:1"], 1, 1, "relo")
    assert set(rivals.ACTIVATIONS) <= set(rivals.jax_nn())
    assert math.prod(sweeps.tasks_of(["4-3-2:1"], 2, 1, "tanh")[0].sizes) == 24


def test_a_task_may_have_a_real_dataset(data_dir):
    (task,) = sweeps.tasks_of(["64-5-10:100"], 3, 2, "relu", "digits", data_dir)
    engine = rivals.Engine(task, rivals.initial_weights(task))
    engine.setup()
    engine.step_all()
    pixels, labels = task.examples()
    digits = task.dataset().train
    np.testing.assert_array_equal(labels, digits.labels)
    np.testing.assert_allclose(pixels, digits.inputs / np.float32(255), rtol=1e-6)
    loop = rivals.Loop(task, rivals.initial_weights(task))
    loop.setup()
    loop.step_all()
    assert task.order().shape == (3, 2, 100)
    assert task.order().max() > 200  # of all examples, not of the first two batches
    ended = engine.weights(), loop.weights()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), *ended)


@pytest.mark.parametrize(
    ("net", "steps", "dataset", "message"),
    [
        ("784-5-10:4", 2, "digits", "64 inputs and 10 classes: --net=64-5-10:4"),
        ("64-5-10:500", 3, "digits", "an epoch of digits has 2 batches of 500"),
        ("30-5-2:4", 2, "breast_cancer", "has not three classes"),
        ("10-5-3:4", 2, "diabetes", "has not three classes"),
    ],
)
def test_a_dataset_must_fit_the_nets(net, steps, dataset, message, data_dir):
    with pytest.raises(ValueError, match=message):
        sweeps.tasks_of([net], 1, steps, "relu", dataset, data_dir)


def test_the_empty_cache_leaves_the_settings_of_the_cache_as_they_were():
    options = "jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs"
    settings = lambda: [getattr(jax.config, option) for option in options]  # noqa: E731
    before = settings()
    jax.config.update(options[1], 7.0)
    try:
        with sweeps.empty_cache():
            folder, seconds = settings()
            assert folder != before[0]
            assert seconds < 7
        assert settings() == [before[0], 7.0]
    finally:
        jax.config.update(options[1], before[1])
