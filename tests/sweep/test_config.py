"""The fields of a config: notations, types, bounds, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest

from acts_jax.errors import ConfigError
from acts_jax.sweep.config import FIELDS, expand, make_config, with_fields


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, [0.1]),
        ("0.01,0.1", [0.01, 0.1]),
        ("(0.01, 0.1)", [0.01, 0.1]),
        ((0.01, 0.1), [0.01, 0.1]),
        (np.array([0.01, 0.1]), [0.01, 0.1]),
        ("logspace(1e-3, 1, 4)", [0.001, 0.01, 0.1, 1.0]),
        ("logspace(1e-3,1e-1,3), 1", [0.001, 0.01, 0.1, 1.0]),
        (("logspace(1e-2,1e-1,2)", 1), [0.01, 0.1, 1.0]),
        ("linspace(0,1,3)", [0.0, 0.5, 1.0]),
        ("logspace(1e-8,1e-4,5)", [1e-8, 1e-7, 1e-6, 1e-5, 1e-4]),
        ("linspace(0,0.3,4)", [0.0, 0.1, 0.2, 0.3]),
    ],
)
def test_every_notation_gives_the_same_numbers(value, expected):
    assert expand("learning_rate", value) == expected


def test_values_have_the_type_of_their_field():
    assert expand("seed", "range(3)") == [0, 1, 2]
    assert all(type(seed) is int for seed in expand("seed", "range(3)"))
    assert all(type(rate) is float for rate in expand("learning_rate", "1,2"))
    assert expand("layer_norm", "true,false") == [True, False]
    assert expand("activation", "relu, my_pkg.my_mod:my_fn") == ["relu", "my_pkg.my_mod:my_fn"]
    assert expand("evals", "5") == 5


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("width", "-3", "width must be at least 1, not -3"),
        ("width", 2.5, "width takes whole numbers, not 2.5"),
        ("learning_rate", "fast", "learning_rate takes numbers, not 'fast'"),
        ("learning_rate", "-1", "learning_rate must be at least 0"),
        ("learning_rate", "nan", "learning_rate takes numbers, not 'nan'"),
        ("learning_rate", True, "learning_rate takes numbers, not True"),
        ("momentum", "1", "momentum must be at least 0 and less than 1, not 1"),
        ("init_gain", 0, "init_gain must be greater than 0, not 0"),
        ("optimizer", "adm", "unknown optimizer 'adm'; did you mean 'adam'?"),
        ("init", "henormal", "unknown init 'henormal'; did you mean 'he_normal'?"),
        ("optimizer", "zzz", "choose from adam, adamw, momentum, sgd"),
        ("layer_norm", "maybe", "layer_norm is true or false, not 'maybe'"),
        ("seed", (), "seed has no values; give at least one"),
        ("depth", "2,4,2", "depth lists 2 more than once"),
        ("evals", "5,10", "evals takes one value for the whole sweep, not 2"),
        ("learning_rate", "logspace(1,2)", "write it as logspace(1e-3, 1, 7)"),
        ("learning_rate", "logspce(1,2,3)", "did you mean 'logspace'?"),
        ("learning_rate", "logspace(0,1,3)", "cannot read 'logspace(0,1,3)'"),
    ],
)
def test_bad_values_are_refused_with_the_nearest_good_one(field, value, message):
    with pytest.raises(ConfigError) as error:
        expand(field, value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", [n for n, field in FIELDS.items() if field.default is not None])
def test_every_default_is_a_value_of_its_field(name):
    value = expand(name, FIELDS[name].default)
    assert value in (FIELDS[name].default, [FIELDS[name].default])


def test_changes_set_fields_and_activation_parameters():
    config = make_config(
        activation=("leaky_relu", "elu"), learning_rate=0.1, leaky_relu={"negative_slope": 0.2}
    )
    changes = [
        ("learning_rate", "0.01,0.1"),
        ("leaky_relu.negative_slope", "0.3"),
        ("elu.alpha", "1,2"),
    ]
    changed = with_fields(config, changes)
    assert changed.learning_rate == "0.01,0.1"
    assert changed["leaky_relu"] == {"negative_slope": "0.3"}
    assert changed["elu"] == {"alpha": "1,2"}
    assert (config.learning_rate, config["leaky_relu"]) == (0.1, {"negative_slope": 0.2})


def test_a_change_of_no_field_names_the_nearest():
    with pytest.raises(ConfigError, match="unknown config field 'learning_rat'; did you mean 'le"):
        with_fields(make_config(), [("learning_rat", "1")])
    with pytest.raises(ConfigError, match="'depth' has no field 'foo'"):
        with_fields(make_config(), [("depth.foo", "1")])


@pytest.mark.parametrize(
    "module", ["sweep.config", "sweep.grid", "sweep.store", "sweep.options", "report.page"]
)
def test_planning_and_reading_results_need_no_jax(module):
    code = f"import sys, acts_jax.{module}; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
