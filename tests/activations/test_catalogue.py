"""Finding, registering and checking activations."""

import copy
import dataclasses
import functools
import inspect
import math
import pickle
import re
import sys
import types
import typing

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.typing import ArrayLike

from acts_jax import activations
from acts_jax.activations import catalogue
from acts_jax.activations.catalogue import Activation, Parameter, get, names, register
from acts_jax.activations.derivative import derivative
from acts_jax.theory.shape import on_real_line

FIRST_SET = {
    "identity", "sigmoid", "tanh", "arctan", "gudermannian", "erf", "generalized_logistic",
    "algebraic", "softsign", "relu", "leaky_relu", "prelu", "elu", "sbaf", "a_relu", "softmax",
    "relu6", "celu", "selu", "gelu", "gelu_tanh", "silu", "swish", "mish", "softplus",
    "hard_sigmoid", "hard_tanh", "hard_silu", "log_sigmoid", "log_softmax",
}  # fmt: skip


@pytest.fixture
def scratch(monkeypatch):
    """A catalogue to register in, thrown away afterwards."""
    monkeypatch.setattr(catalogue, "_CATALOGUE", dict(catalogue._CATALOGUE))
    monkeypatch.setattr(catalogue, "_ALIASES", dict(catalogue._ALIASES))


@pytest.fixture
def user_module(tmp_path, monkeypatch):
    (tmp_path / "my_acts.py").write_text(
        "import jax.numpy as jnp\n"
        "def bump(x, beta=2.0, *, width=3, flag=True):\n"
        "    return jnp.exp(-beta * x**2 / width)\n"
        "LIMIT = 3\n"
    )
    (tmp_path / "broken_acts.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "my_acts"
    sys.modules.pop("my_acts", None)


def test_a_module_may_have_a_record_where_a_function_is_named(user_module):
    record = Activation("halves", lambda x: x / 2, elementwise=False)
    sys.modules[user_module] = types.SimpleNamespace(halves=record)
    found = get(f"{user_module}:halves")
    assert (found.name, found.elementwise) == (f"{user_module}:halves", False)
    assert found.function is record.function
    assert "halves" not in names()


def test_names():
    assert set(names()) >= FIRST_SET
    assert names() == sorted(names())
    assert sorted(names(elementwise=True) + names(elementwise=False)) == names()
    assert {"softmax", "log_softmax"} <= set(names(elementwise=False))


@pytest.mark.parametrize("name", names())
def test_every_entry_is_complete(name):
    entry = get(name)
    assert entry.name == name
    assert getattr(activations, name) is entry.function
    assert entry.formula and entry.formula.count("{") == entry.formula.count("}")
    assert entry.family and entry.function.__module__.endswith(entry.family)
    assert entry.domain[0] < entry.domain[1] and entry.range[0] < entry.range[1]
    for parameter in entry.parameters.values():
        assert parameter.default in parameter
    doc = inspect.getdoc(entry.function)  # Python 3.13 dedents it, earlier ones do not
    assert "Args:" in doc and "Returns:" in doc
    assert all(f"\n    {key}: " in doc for key in ("x", *entry.parameters))
    for alias in entry.aliases:
        assert get(alias) is entry


@pytest.mark.parametrize("name", names())
def test_arguments_are_annotated_as_what_they_take(name):
    hints = typing.get_type_hints(get(name).function)
    for argument in ("x", *get(name).parameters):
        assert hints[argument] == ArrayLike


def test_get_returns_what_it_is_given():
    prelu = get("prelu")
    assert get(prelu) is prelu
    assert get(activations.prelu) is prelu
    assert get("linear").name == "identity"
    assert prelu.defaults == {"slope": 0.25}
    assert prelu.learned == ("slope",)
    np.testing.assert_allclose(prelu(jnp.float32([-2, 2]), slope=0.5), [-1, 2])
    assert hash(prelu) == hash(get("prelu"))


@pytest.mark.parametrize(
    "wrong, right",
    [
        ("rellu", "'relu'"),
        ("sigmiod", "'sigmoid'"),
        ("wavelet", "of your own reads 'package.module:function'"),
    ],
)
def test_unknown_name_suggests_the_nearest(wrong, right):
    with pytest.raises(ValueError, match=f"There is no activation '{wrong}'.*{right}"):
        get(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (3, r"not 3\.$"),
        (1.5, r"not 1\.5\.$"),
        (None, r"not None; did you mean 'identity'\?"),
        (b"relu", r"not b'relu'; did you mean 'relu'\?"),
        (["tanh"], r"not \['tanh'\]; did you mean 'tanh'"),
    ],
)
def test_what_is_no_activation(wrong, message):
    with pytest.raises(ValueError, match=message):
        get(wrong)


# PyTorch's classes, Keras' layers and functions, and what some call theirs: each to ours.
PYTORCH = """CELU ELU GELU GLU Hardshrink=hard_shrink Hardsigmoid=hard_sigmoid Hardswish=hard_silu
    Hardtanh=hard_tanh LeakyReLU=leaky_relu LogSigmoid=log_sigmoid LogSoftmax=log_softmax Mish PReLU
    RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d=softmax Softmin Softplus
    Softshrink=soft_shrink Softsign Tanh Tanhshrink=tanh_shrink Threshold"""
KERAS = """celu elu exponential=exp gelu glu hard_shrink hard_sigmoid hard_silu hard_swish=hard_silu
    hard_tanh leaky_relu linear=identity log_sigmoid log_softmax mish relu relu6 selu sigmoid silu
    soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh
    tanh_shrink threshold ThresholdedReLU=threshold"""
OTHERS = """gelu_new=gelu_tanh gelu_pytorch_tanh=gelu_tanh NewGELU=gelu_tanh relu2=squared_relu
    SwiGLU ReGLU h-swish=hard_silu lrelu=leaky_relu TeLU=tanh_exp leaky-relu=leaky_relu
    atan=arctan sin=sine None=identity Snake ISRLU TanhExp=tanh_exp"""
NOT_ACTIVATIONS = """dot_product_attention get_scaled_dot_general_config initializers log1mexp
    logmeanexp logsumexp one_hot scaled_dot_general scaled_matmul standardize"""
NAMED = [pair.partition("=") for names in (PYTORCH, KERAS, OTHERS) for pair in names.split()]
JAX = [
    (name, "", "") for name in dir(jax.nn) if name[0] != "_" and name not in NOT_ACTIVATIONS.split()
]


@pytest.mark.parametrize(("theirs", "_", "ours"), [*NAMED, *JAX])
def test_a_name_of_another_library_is_ours_or_leads_to_it(theirs, _, ours):
    try:
        found = theirs if get(theirs) else None
    except ValueError as error:
        (found,) = re.findall(r"did you mean '(\w+)'\?$", str(error))
    assert get(found).name in (ours or theirs.lower(), get(ours or theirs.lower()).name)


def test_the_spelling_of_a_name_is_put_right():
    for name in names():
        for other in (name.upper(), f" {name}\n", name.replace("_", "-"), name.title()):
            if other not in (*names(), *catalogue._ALIASES):
                with pytest.raises(ValueError, match=r"did you mean '(\w+)'\?$") as raised:
                    get(other)
                assert get(str(raised.value).split("'")[-2]) is get(name)


def test_user_function_by_path(user_module):
    bump = get("my_acts:bump")
    assert bump.name == "my_acts:bump"
    assert bump.defaults == {"beta": 2.0, "width": 3.0}
    np.testing.assert_allclose(bump(jnp.float32(1), beta=3.0), math.exp(-1), rtol=1e-6)
    slope = bump.derivative(jnp.float32(1), beta=3.0)
    np.testing.assert_allclose(slope, -2 * math.exp(-1), rtol=1e-6)
    assert get("jax.nn:relu")(jnp.float32(-1)) == 0


@pytest.mark.parametrize(
    "spec, message",
    [
        ("my_acts:bumb", "has no function 'bumb'; did you mean 'bump'"),
        ("my_acts:LIMIT", "has no function 'LIMIT'"),
        ("my_actz:bump", "no module 'my_actz' on the Python path; did you mean 'my_acts'"),
        ("jax.nnn:relu", "no module 'jax.nnn'"),
        ("my_acts:", "should read 'package.module:function'"),
        (":bump", "should read 'package.module:function'"),
    ],
)
def test_wrong_path(user_module, spec, message):
    with pytest.raises(ValueError, match=message):
        get(spec)


def test_an_error_inside_the_users_module_is_one_sentence_with_the_line(user_module, tmp_path):
    with pytest.raises(
        ValueError, match=r"No module named 'no_such_dependency' .*, line 1\)"
    ) as it:
        get("broken_acts:f")
    assert isinstance(it.value.__cause__, ModuleNotFoundError)
    clash = "from acts_jax import register\n\n\n@register\ndef relu(x):\n    return x\n"
    (tmp_path / "my_clash.py").write_text(clash)
    with pytest.raises(ValueError, match=r"'relu' is taken.* \(my_clash.py, line [45]\)\.$"):
        get("my_clash:relu")
    (tmp_path / "my_misspelt_acts.py").write_text("def f(x) return x")
    with pytest.raises(ValueError, match=r"SyntaxError: .*\(my_misspelt_acts.py, line 1\)\.$"):
        get("my_misspelt_acts:f")


class Leaky:
    def __init__(self, slope):
        self.slope = slope

    def __call__(self, x):
        return jnp.where(x > 0, x, self.slope * x)


def test_an_instance_is_an_activation_and_its_class_is_not():
    assert get(Leaky(0.5))(jnp.float32(-1)) == -0.5
    with pytest.raises(ValueError, match="Leaky is a class"):
        get(Leaky)


def test_a_dot_for_the_colon_is_pointed_out():
    with pytest.raises(ValueError, match=r"reads 'my_acts\.mod:bump'"):
        get("my_acts.mod.bump")


@pytest.mark.parametrize("name", names(elementwise=True))
def test_a_python_float_gives_a_weakly_typed_result(name):
    """As in `jax.nn`: an array that it meets gives the dtype."""
    result = jax.eval_shape(get(name).function, 0.5)
    assert (result.shape, result.dtype, result.weak_type) == ((), jnp.float32, True)


def half(x, share=0.5):
    return share * x


@pytest.mark.parametrize("activation", ["relu", "prelu", "softmax", half, Leaky(0.5)])
def test_records_can_be_copied_and_pickled(activation):
    record = get(activation)
    restored = pickle.loads(pickle.dumps(record))
    copied = copy.deepcopy(record)
    assert (restored.name, restored.defaults) == (record.name, record.defaults)
    assert copied(jnp.float32([-1, 2])).tolist() == record(jnp.float32([-1, 2])).tolist()
    assert (restored is record) == (copied is record) == isinstance(activation, str)


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda f: pickle.loads(pickle.dumps(f)),
        lambda f: pickle.loads(cloudpickle.dumps(f)),  # as Ray does
    ],
)
def test_every_function_stays_itself_when_it_is_copied_or_pickled(copied):
    for name in names():
        entry = get(name)
        assert copied(entry) is entry
        assert copied(entry.function) is entry.function
        assert copied(dataclasses.replace(entry, reference="mine")).function is entry.function
        for f in (entry, entry.function) if entry.elementwise else ():
            slope = copied(derivative(f, 2))
            while isinstance(slope, functools.partial):
                (slope,) = slope.args
            assert slope is f
    for f in (derivative(activations.elu, 2), on_real_line("sbaf"), derivative(get("relu"))):
        assert copied(f)(jnp.float32(0.25)) == f(jnp.float32(0.25))


def test_check():
    sbaf = get("sbaf")
    sbaf.check({"alpha": 0.5, "k": 0.91})
    with pytest.raises(ValueError, match="sbaf has no parameter 'alhpa'; did you mean 'alpha'"):
        sbaf.check({"alhpa": 0.5})
    with pytest.raises(ValueError, match=r"sbaf: alpha must be in \[0, 1\], got 1.5"):
        sbaf.check({"alpha": 1.5})
    with pytest.raises(ValueError, match=r"a_relu: n must be in \(0, inf\), got 0"):
        get("a_relu").check({"n": np.float32(0)})


def test_calls_check_plain_numbers_by_keyword_and_by_position():
    with pytest.raises(ValueError, match=r"alpha must be in \[0, 1\]"):
        activations.sbaf(0.5, alpha=-1)
    with pytest.raises(ValueError, match=r"alpha must be in \[0, 1\]"):
        activations.sbaf(0.5, 0.98, 2)
    with pytest.raises(ValueError, match=r"alpha must be in \[0, 1\]"):
        jax.jit(lambda x: activations.sbaf(x, alpha=2))(0.5)
    assert "outside its interval: k (0, inf), alpha [0, 1]." in activations.sbaf.__doc__
    assert "ValueError" not in activations.prelu.__doc__


@pytest.mark.parametrize(
    "closed, inside, outside, interval",
    [
        ("both", (0, 1), (-0.1, 1.1), "[0, 1]"),
        ("left", (0, 0.9), (1,), "[0, 1)"),
        ("right", (0.1, 1), (0,), "(0, 1]"),
        ("neither", (0.1, 0.9), (0, 1), "(0, 1)"),
    ],
)
def test_parameter_interval(closed, inside, outside, interval):
    parameter = Parameter(0.5, 0, 1, closed)
    assert all(value in parameter for value in inside)
    assert not any(value in parameter for value in (*outside, math.nan, math.inf))
    assert parameter.interval == interval
    assert Parameter(0.0).interval == "(-inf, inf)"


def test_a_default_is_read_off_the_signature(scratch):
    given = {"share": Parameter(low=0, high=1)}
    assert Activation("mine", half, given).parameters == {"share": Parameter(0.5, 0, 1)}
    register(half, name="other", parameters=given)
    assert get("other").parameters == {"share": Parameter(0.5, 0, 1)}
    with pytest.raises(ValueError, match="'part' has no default"):
        Activation("mine", half, {"part": Parameter()})


def test_register(scratch):
    @register(family="mine", learned=("a",), aliases=("my_alias",))
    def mine(x, a=2.0):
        return a * x

    assert get("mine") is get("my_alias") is get(mine)
    assert get("mine").defaults == {"a": 2.0}
    assert mine(3.0) == 6.0
    assert "mine" in names()

    @register(aliases=("my_alias",))
    def mine(x, b=3.0):
        return b * x

    assert get("mine") is get("my_alias") is get(mine)
    assert mine(3.0) == 9.0
    with pytest.raises(ValueError, match="'mine' is taken"):
        register(lambda x: x, name="mine")
    with pytest.raises(ValueError, match="'relu' is taken"):
        register(lambda x: x, name="other", aliases=("relu",))
    with pytest.raises(ValueError, match="'b' is not a parameter"):
        register(lambda x: x, name="third", learned=("b",))
    assert register(jnp.sinh) is jnp.sinh
    assert get("sinh").function is jnp.sinh


def test_what_a_record_reads_off_its_function(scratch):
    @register(elementwise=False)
    def shifted(x, by=2.0, axis=-1):
        r"""Shifted.

        .. math::
            f(x)_i = x_i +
            \frac{b}{2}, \qquad b = 2
        """
        return x + by / 2

    assert get("shifted").formula == r"x_i + \frac{b}{2}"
    assert get("shifted").family == "user" and get("gelu").family == "gated"
    assert get("shifted").defaults == {"by": 2.0}
    assert get("erf").formula.startswith(r"\operatorname{erf} x = ")
    assert get(half).formula == ""


def test_derivative_of_an_entry():
    x = jnp.float32([-1, 0, 1])
    np.testing.assert_array_equal(get("leaky_relu").derivative(x, negative_slope=0.5), [0.5, 1, 1])
    assert get("relu").derivative(3).dtype == jnp.float32
    with pytest.raises(ValueError, match=r"softmax acts on whole vectors.* jax\.jacobian"):
        get("softmax").derivative(x)


def test_parameters_cannot_be_changed():
    with pytest.raises(TypeError):
        get("prelu").parameters["slope"] = Parameter(1.0)
    assert isinstance(get("prelu"), Activation)
