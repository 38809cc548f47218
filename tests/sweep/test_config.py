"""The fields of a config: notations, types, bounds, and what is refused."""

import subprocess
import sys
import textwrap
import tracemalloc

import numpy as np
import pytest

from acts_jax.errors import ConfigError
from acts_jax.sweep.config import FIELDS, expand, make_config, read_config, with_fields
from acts_jax.sweep.values import items_of


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
        ("width", "-3", "width must be at least 1 and at most 1,000,000, not -3"),
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
        ("learning_rate", "1e300", "learning_rate takes numbers of at most 3.4e+38, not '1e300'"),
        ("learning_rate", [10**400], "learning_rate takes numbers, not 1000000000"),
        ("learning_rate", "linspace(0,1,1e400)", "cannot read 'linspace(0,1,1e400)'"),
        ("learning_rate", "linspace(0,1,2.5)", "cannot read 'linspace(0,1,2.5)'"),
        ("learning_rate", "linspace(-1e308,1e308,3)", "learning_rate takes numbers"),
        ("activation", "linspace(0,1,3)", "activation takes names, not 0.0"),
        ("seed", "range(0,2.5)", "cannot read 'range(0,2.5)'; write it as range(0, 5)"),
        ("seed", "range(0,1e400)", "cannot read 'range(0,1e400)'"),
        ("seed", f"range({'-' * 9000}1)", "seed: cannot read 'range(---"),
        ("seed", f"range({'(' * 9000}1)", "seed takes numbers, not 'range'"),
        ("seed", "9" * 5000, "seed takes numbers, not '99999"),
        ("seed", [10**5000], "seed takes numbers, not a value of type int"),
        ("seed", "range(0,1000000),5", "seed has more than 1,000,000 values; --most_cells raises"),
        ("seed", range(10**12), "seed has more than 1,000,000 values"),
        ("width", "linspace(0,1,1e9)", "width has more than 1,000,000 values"),
        ("evals", "1e5,1e300", "evals takes numbers of at most 3.4e+38"),
        ("evals", "1e9", "evals must be at least 1 and at most 100,000, not 1000000000"),
        ("dataset", "a(" * 50_000, "dataset lists 'a' more than once"),
    ],
)
def test_bad_values_are_refused_with_the_nearest_good_one(field, value, message):
    with pytest.raises(ConfigError) as error:
        expand(field, value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


def test_what_is_too_much_is_never_made():
    tracemalloc.start()
    for text in ("range(0,1e15)", "linspace(0,1,1e12)", "logspace(1,2,1e12)", "1e300"):
        with pytest.raises(ConfigError):
            expand("depth", text, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e6
    assert len(expand("seed", "range(0,1500000)", 2_000_000)) == 1_500_000


def test_lists_within_lists_have_an_end():
    endless = [1]
    endless.append(endless)
    with pytest.raises(ConfigError, match="seed has lists within lists, more than 8 deep"):
        items_of("seed", endless)


@pytest.fixture
def config_file(tmp_path):
    """A function from the text of a config file to its path, `beside.py` being beside it."""

    def write(text):
        (tmp_path / "beside.py").write_text("RATE = 0.25\n")
        path = tmp_path / "mine.py"
        path.write_text(textwrap.dedent(text))
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "import beside\ndef get_config():\n    return {'learning_rate': beside.RATE}",
        "def get_config():\n    import beside\n    return dict(learning_rate=beside.RATE)",
        """
        from ml_collections import config_dict

        def get_config():
            config = config_dict.ConfigDict()
            config.learning_rate = 0.25
            config.elu = config_dict.ConfigDict({"alpha": 2.0})
            return config.lock()
        """,
    ],
)
def test_a_config_file_gives_what_it_likes_and_the_rest_is_as_usual(config_file, text):
    path = list(sys.path)
    config = with_fields(read_config(config_file(text)), [("depth", "3"), ("momentum", "0.5")])
    assert (config.learning_rate, config.depth, config.momentum) == (0.25, "3", "0.5")
    assert config.activation == FIELDS["activation"].default
    assert sys.path == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def get_config(:", "cannot be used: SyntaxError: invalid syntax (mine.py, line 1)"),
        ("x = 1", "has no function get_config()"),
        ("1 / 0", "cannot be used: ZeroDivisionError: division by zero (mine.py, line 1)"),
        ("import sys\nsys.exit(3)", "cannot be used: SystemExit: 3 (mine.py, line 2)"),
        ("import no_such_module", "No module named 'no_such_module' (mine.py, line 1)"),
        ("import beside\nbeside.LATE", "has no attribute 'LATE' (mine.py, line 2)"),
        ("raise BaseException('[/b]\\nmore')", "BaseException: [/b] (mine.py, line 1)"),
        ("def get_config(name): return {}", "missing 1 required positional argument: 'name'"),
        ("def get_config(): raise KeyError('depth')", "KeyError: 'depth' (mine.py, line 1)"),
        ("def get_config(): return get_config()", "RecursionError: maximum recursion depth"),
        ("def get_config(): pass", "get_config() gives None, not make_config(FIELD=VALUES, ...)"),
        ("def get_config(): return 'x' * 999", "get_config() gives 'xxx"),
        ("def get_config(): return {1: 2}", "get_config() gives {1: 2}, not make_config("),
        ("get_config = 3", "'int' object is not callable"),
        ("\0", "cannot be used: "),
    ],
)
def test_a_config_file_that_cannot_be_used_says_why_and_where(config_file, text, message):
    path = config_file(text)
    with pytest.raises(ConfigError) as error:
        read_config(path)
    assert message in str(error.value)
    assert str(error.value).startswith(f"config file {path} ")
    assert "\n" not in str(error.value)
    assert str(path.parent) not in sys.path


@pytest.mark.parametrize("name", ["README.md", "docs", "nothing.py", "LICENSE", "/dev/null"])
def test_what_is_no_config_file_is_one_sentence(name):
    with pytest.raises(ConfigError, match=rf"{name}.*(cannot be used|there are configs/)") as error:
        read_config(name)
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
    for name in ("items", "get", "to_dict"):  # of a ConfigDict
        with pytest.raises(ConfigError, match=f"'{name}' is no activation or model that has"):
            with_fields(make_config(), [(f"{name}.x", "1")])
    with pytest.raises(ConfigError, match="'elu' is no activation or model that has"):
        with_fields(make_config(elu=2), [("elu.alpha", "1")])


def test_a_change_may_be_of_another_kind_than_the_field():
    config = make_config(activation=(0.5, "relu", None), relu={})
    assert with_fields(config, [("activation", "linspace(0,1,3)")]).activation == "linspace(0,1,3)"


@pytest.mark.parametrize(
    "module", ["sweep.config", "sweep.grid", "sweep.store", "sweep.options", "report.page"]
)
def test_planning_and_reading_results_need_no_jax(module):
    code = f"import sys, acts_jax.{module}; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
