"""The grid: which cells a config stands for, and how they are grouped."""

import itertools
import sys
import textwrap
import tracemalloc

import numpy as np
import pytest

from acts_jax.activations import catalogue
from acts_jax.errors import ConfigError
from acts_jax.sweep import grid
from acts_jax.sweep.config import make_config


def plan(**fields):
    return grid.plan(make_config(**fields), catalogue.get, lambda name: None)


def cells(a_plan):
    """Every cell of a plan as a dict of its hyperparameters."""
    for group in a_plan.groups:
        columns = group.columns()
        for i in range(group.size):
            yield {n: v[i] if isinstance(v, np.ndarray) else v for n, v in columns.items()}


def test_the_cells_are_the_product_of_all_axes():
    axes = {
        "activation": ["relu", "tanh"],
        "depth": [1, 3],
        "optimizer": ["momentum", "adam"],
        "learning_rate": [0.1, 0.01, 0.001],
        "seed": [0, 7],
    }
    planned = plan(**axes)
    found = [tuple(cell[name] for name in axes) for cell in cells(planned)]
    assert sorted(found) == sorted(itertools.product(*axes.values()))
    assert planned.cells == len(found)


def test_cells_of_a_group_differ_in_traced_axes_only():
    planned = plan(activation="relu,tanh", depth="1,2", seed="0,1", learning_rate="0.1,1")
    assert len(planned.groups) == 4
    assert len({group.static for group in planned.groups}) == 4
    assert {group.size for group in planned.groups} == {4}


def test_activation_parameters_are_axes_of_their_own_activation():
    planned = plan(
        activation="leaky_relu,relu,elu",
        seed="0,1",
        leaky_relu={"negative_slope": "0.01,0.1,0.3"},
    )
    sizes = {group.static.activation: group.size for group in planned.groups}
    assert sizes == {"leaky_relu": 6, "relu": 2, "elu": 2}
    slopes = {c["leaky_relu.negative_slope"] for c in cells(planned) if "leaky" in c["activation"]}
    assert slopes == {0.01, 0.1, 0.3}
    assert planned.config["elu"] == {"alpha": [1.0]}


def test_what_makes_no_difference_makes_no_group():
    planned = plan(activation="relu,prelu", share="network,layer,channel", learn="default,none")
    kinds = [(g.static.activation, g.static.learned, g.static.share) for g in planned.groups]
    assert sorted(kinds) == [
        ("prelu", (), "layer"),
        ("prelu", ("slope",), "channel"),
        ("prelu", ("slope",), "layer"),
        ("prelu", ("slope",), "network"),
        ("relu", (), "layer"),
    ]
    planned = plan(activation="relu,prelu", decay_activations="false,true")
    kinds = [(g.static.activation, g.static.decay_activations) for g in planned.groups]
    assert kinds == [("relu", False), ("prelu", False), ("prelu", True)]


def test_a_parameter_is_learned_by_its_name_where_there_is_one():
    planned = plan(activation="swish,prelu,relu,sbaf", learn="beta,k")
    learned = {(g.static.activation, g.static.learned) for g in planned.groups}
    assert learned == {
        ("swish", ("beta",)),
        ("prelu", ("slope",)),
        ("relu", ()),
        ("sbaf", ("k",)),
        ("sbaf", ()),
    }
    # One activation's own: the other keeps its default.
    planned = plan(activation="swish,softplus", learn="swish.beta")
    learned = {g.static.activation: g.static.learned for g in planned.groups}
    assert learned == {"swish": ("beta",), "softplus": ()}
    with pytest.raises(ConfigError, match=r"unknown learn 'swish.bta'; did you mean 'swish.beta'"):
        plan(activation="swish", learn="swish.bta")
    with pytest.raises(ConfigError, match=r"unknown learn 'slop'; did you mean 'slope'\?"):
        plan(activation="prelu", learn="slop")


def test_plain_sgd_has_no_momentum_axis():
    planned = plan(optimizer="sgd,momentum", momentum="0.5,0.9")
    assert {g.static.optimizer: g.size for g in planned.groups} == {"sgd": 1, "momentum": 2}


def test_hidden_sizes_stand_for_depth_and_width():
    (group,) = plan(hidden_sizes="512-256-128").groups
    assert group.static.hidden_sizes == (512, 256, 128)
    columns = group.columns()
    assert (columns["depth"], columns["hidden_sizes"]) == (3, "512-256-128")
    with pytest.raises(ConfigError, match="hidden_sizes are written as 512-256-128, not '12-x'"):
        plan(hidden_sizes="12-x")


def test_the_key_of_a_group_is_that_of_its_values():
    one, same = plan(seed="0,1").groups[0], plan(seed="0,1").groups[0]
    other = plan(seed="0,2").groups[0]
    assert one.key == same.key != other.key


def test_evaluations_are_spread_over_the_epochs():
    (group,) = plan(epochs=30, evals=10).groups
    assert group.static.eval_steps(7) == tuple(range(0, 211, 21))
    (group,) = plan(epochs=3, evals=10).groups
    assert group.static.eval_steps(1) == (0, 1, 2, 3)


def test_geometric_evaluations_are_close_at_first():
    (group,) = plan(epochs=4, evals=6, eval_spacing="geometric").groups
    assert group.static.eval_steps(25) == (0, 1, 3, 6, 16, 40, 100)
    assert group.static.chunk_epochs(25) == 3  # from step 40, in the second epoch, to the end


def test_fields_that_came_later_leave_names_and_columns_as_they_were():
    (group,) = plan().groups
    assert not {"record", "eval_spacing", "split_seed"} & set(group.columns())
    for same in ({"record": "metrics"}, {"split_seed": 0}):
        assert plan(**same).groups[0].key == group.key
    for other in ({"record": "units"}, {"split_seed": 1}, {"split_seed": "0,1"}):
        assert plan(**other).groups[0].key != group.key


@pytest.fixture
def namesakes(tmp_path, monkeypatch):
    """Functions in `namesakes` that are called as others are."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "namesakes.py").write_text(
        textwrap.dedent("""
            def relu(x):
                return x

            def leaky_relu(x):
                return x

            def elu(x, alpha=2.0):
                return alpha * x

            def depth(x):
                return x
        """)
    )
    yield
    sys.modules.pop("namesakes", None)


def test_ones_own_function_stands_beside_the_catalogues_of_that_name(namesakes):
    names = ["namesakes:leaky_relu", "leaky_relu", "namesakes:relu", "relu"]
    for order in (names, names[::-1]):
        planned = plan(activation=order, leaky_relu={"negative_slope": "0.1,0.2"})
        sizes = {group.static.activation: group.size for group in planned.groups}
        assert sizes == {name: 2 if name == "leaky_relu" else 1 for name in names}
        assert planned.config["leaky_relu"] == {"negative_slope": [0.1, 0.2]}


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        (
            "elu,namesakes:elu",
            "activations 'elu' and 'namesakes:elu' both have parameters named elu.NAME; "
            "rename one of them",
        ),
        (
            "namesakes:depth",
            "activation 'namesakes:depth' has the name of a config field; rename it",
        ),
    ],
)
def test_names_that_would_be_taken_for_others_are_refused(namesakes, activation, message):
    with pytest.raises(ConfigError) as error:
        plan(activation=activation)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"activation": "rleu"}, "did you mean 'relu'"),
        (
            {"learning_rat": 0.1},
            "unknown config field 'learning_rat'; did you mean 'learning_rate'",
        ),
        ({"relu": {"slope": 1}}, "relu has no parameter 'slope'"),
        ({"activation": "elu", "elu": {"alhpa": 1}}, "did you mean 'alpha'"),
        ({"activation": "sbaf", "sbaf": {"alpha": 2}}, "alpha must be in [0, 1], got 2"),
        ({"activation": "elu", "elu": 2}, "elu takes its parameters by name, as elu.NAME=VALUE"),
        ({"activation": "elu", "elu": {"alpha": ()}}, "elu.alpha has no values"),
    ],
)
def test_bad_plans_are_refused_in_one_line(fields, message):
    with pytest.raises(ConfigError) as error:
        plan(**fields)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"seed": "range(100000)", "learning_rate": "linspace(0.1,1,1000)"},
            "more cells than --most_cells=1,000,000 allows: seed has 100,000 values, "
            "learning_rate has 1,000 values",
        ),
        (
            {"activation": "elu", "elu": {"alpha": "linspace(0,1,2000)"}, "seed": "range(501)"},
            "elu.alpha has 2,000 values, seed has 501 values",
        ),
        (
            {"depth": "range(1,100001)", "width": "range(1,100001)"},
            "more cells than --most_cells=1,000,000 allows: width has 100,000 values, depth has",
        ),
        (
            {"depth": 1000000000},
            "more layers to compile than --most_layers=4,000 allows: a depth of 1,000,000,000",
        ),
        (
            {"depth": "1,2", "width": "range(1,1000)"},
            "--most_layers=4,000 allows: a depth of 2, width has 999 values, depth has 2 values",
        ),
        ({"hidden_sizes": "-".join(["9"] * 5000)}, "allows: a depth of 5,000"),
        ({"width": 40_000}, "hidden layers of 40000-40000 units have more than 1,000,000,000"),
        ({"hidden_sizes": "9" * 5000}, "hidden_sizes are at most 1,000,000 each, not '99999"),
        ({"elu": {"alpha": "1,1"}, "activation": "elu"}, "elu.alpha lists 1.0 more than once"),
        ({"relu": {"x" * 5000: 1}}, "relu has no parameter 'xxx"),
        ({"y" * 5000: 1}, "unknown config field 'yyy"),
        ({"activation": "z" * 5000}, "There is no activation 'zzz"),
    ],
)
def test_too_much_is_counted_and_not_made(fields, message):
    tracemalloc.start()
    with pytest.raises(ConfigError) as error:
        plan(**fields)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message in str(error.value)
    assert len(str(error.value)) < 400
    assert peak < 30e6  # the values of the axes


@pytest.mark.parametrize(
    "fields",
    [
        {"activation": "relu,prelu", "learn": "default,none,all", "share": "network,layer,channel"},
        {"activation": "prelu,elu", "decay_activations": "false,true", "learn": "default,all"},
        {"optimizer": "sgd,momentum,adam", "momentum": "0.5,0.9", "seed": "range(3)"},
        {"activation": "elu", "elu": {"alpha": "1,2"}, "depth": "0,1,3", "width": "4,8"},
        {"hidden_sizes": "4-4,8", "init": "second_moment,he_normal", "learning_rate": "0.1,1"},
    ],
)
def test_as_many_cells_and_layers_are_counted_as_there_are(fields):
    config = make_config(**fields)
    found = plan(**fields)
    layers = sum(len(group.static.hidden_sizes) + 1 for group in found.groups)
    for cells, most_layers in ((found.cells - 1, layers), (found.cells, layers - 1)):
        with pytest.raises(ConfigError, match="allows: "):
            grid.plan(config, catalogue.get, lambda name: None, cells, most_layers)
    again = grid.plan(config, catalogue.get, lambda name: None, found.cells, layers)
    assert [group.key for group in again.groups] == [group.key for group in found.groups]


def test_a_hundred_thousand_cells_take_little_memory():
    tracemalloc.start()
    planned = plan(
        activation="relu,tanh",
        depth="range(1,11)",
        learning_rate="logspace(1e-4,1,50)",
        weight_decay="linspace(0,0.1,10)",
        seed="range(10)",
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert planned.cells == 100_000
    assert peak < 50e6
