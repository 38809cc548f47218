"""`acts_jax.activations` in place of `jax.nn`: the same signatures, the same limits."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

import acts_jax.activations as nn

FLOATS = [jnp.bfloat16, jnp.float16, jnp.float32]
# what jax.nn has and is no activation, nor made for one
OTHER = {
    "dot_product_attention", "get_scaled_dot_general_config", "scaled_dot_general",
    "scaled_matmul",
}  # fmt: skip
NAMES = sorted({name for name in dir(jax.nn) if not name.startswith("_")} - OTHER)
FUNCTIONS = [name for name in NAMES if name != "initializers"]


def test_every_name_is_there():
    assert [name for name in NAMES if not hasattr(nn, name)] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_is_there_in_its_place(name):
    theirs = inspect.signature(getattr(jax.nn, name)).parameters
    ours = inspect.signature(getattr(nn, name)).parameters
    assert list(ours)[: len(theirs)] == list(theirs)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n not in ("one_hot", "log1mexp")])
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_same_values_in_the_same_dtype(name, dtype):
    x = jnp.linspace(-3, 3, 12, dtype=dtype)
    theirs, ours = getattr(jax.nn, name)(x), getattr(nn, name)(x)
    if name == "gelu":
        theirs = jax.nn.gelu(x, approximate=False)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(
        ours.astype(jnp.float32), theirs.astype(jnp.float32),
        rtol=8 * float(jnp.finfo(dtype).eps), atol=4 * float(jnp.finfo(dtype).eps),
    )  # fmt: skip


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_both_ways(approximate):
    x = jnp.linspace(-6, 6, 101)
    theirs = jax.nn.gelu(x, approximate=approximate)
    np.testing.assert_allclose(nn.gelu(x, approximate=approximate), theirs, rtol=2e-5, atol=2e-6)
    np.testing.assert_array_equal(
        nn.gelu(jnp.array(-1), approximate), nn.gelu(jnp.array(-1.0), approximate)
    )
    default = float(jnp.max(jnp.abs(nn.gelu(x) - jax.nn.gelu(x))))
    assert 4.0e-4 < default < 4.8e-4  # as its docstring warns


@pytest.mark.parametrize("alpha", [-2.0, -0.5, 0.5, 3.0])
def test_celu_of_any_sign(alpha):
    x = jnp.float32([-4, -1, -1e-3, 0, 2])
    for ours, theirs in zip(
        jax.vmap(jax.value_and_grad(nn.celu), (0, None))(x, alpha),
        jax.vmap(jax.value_and_grad(jax.nn.celu), (0, None))(x, alpha),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=5e-5)


@pytest.mark.parametrize("number", [0.5, -2.0, 3])
def test_a_python_number_takes_on_the_dtype_that_it_meets(number):
    for name in ("sigmoid", "relu", "gelu", "leaky_relu", "softmax"):
        x = [number] if name == "softmax" else number
        met = getattr(nn, name)(x) * jnp.ones(3, jnp.bfloat16)
        assert met.dtype == (jnp.float32 if name == "softmax" else jnp.bfloat16), name


@pytest.mark.parametrize(
    "name, x, order",
    [
        ("softplus", 1e-8, 2), ("softplus", 0.0, 1), ("softplus", -np.inf, 1),
        ("softplus", np.nan, 1), ("sparse_plus", -2.0, 1), ("sparse_plus", 0.0, 1),
        ("squareplus", 1e-8, 2), ("squareplus", 0.0, 1), ("squareplus", -np.inf, 1),
        ("squareplus", np.nan, 1), ("mish", 1e-8, 2), ("mish", 0.0, 1), ("mish", -np.inf, 1),
        ("mish", np.nan, 1), ("relu", 1.0, 2), ("relu", -1.0, 1), ("relu6", 1.0, 2),
        ("relu6", -1.0, 1),
    ],
)  # fmt: skip
def test_gradients_of_both_modes(name, x, order):
    check_grads(getattr(nn, name), (x,), order=order, eps=1e-3)


def test_gradients_at_the_limits():
    assert jax.grad(nn.softplus)(float("inf")) == 1
    assert jax.grad(nn.relu)(0.0) == 0
    assert jax.grad(nn.relu6)(0.0) == jax.grad(nn.relu6)(6.0) == 0
    check_grads(nn.elu, (1e4,), order=1, eps=1.0)
    for x in (-2.0, 0.0, 2.0):
        assert jax.grad(nn.sparse_plus)(x) == nn.sparse_sigmoid(x)


@pytest.mark.parametrize("dtype", [int, float, np.uint8, np.int32, *FLOATS])
def test_values_at_zero(dtype):
    assert nn.softplus(dtype(0)) == jnp.log(dtype(2))
    assert nn.squareplus(dtype(0), dtype(4)) == 1
    assert nn.mish(dtype(0)) == 0


def test_large_arrays_are_not_made_while_tracing():
    jax.make_jaxpr(lambda: nn.elu(jnp.ones(10**12)))
    jax.make_jaxpr(lambda: nn.hard_tanh(jnp.ones(10**12)))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_of_some_or_none(name):
    f = getattr(nn, name)
    x = jnp.array([5.5, 1.3, -4.2, 0.9])
    some = jnp.array([True, False, True, True])
    np.testing.assert_allclose(f(x, where=some)[some], f(x[some]), rtol=1e-6)
    none = jnp.full_like(x, 0.0 if name == "softmax" else -jnp.inf)
    np.testing.assert_array_equal(f(x, where=jnp.zeros(4, bool)), none)
    np.testing.assert_array_equal(f(jnp.zeros((3, 0))), jnp.zeros((3, 0)))
    far = jnp.array([36.0, 10000.0])
    np.testing.assert_array_equal(jax.grad(lambda x: f(x, where=x < 1000)[0])(far), [0, 0])
    check_grads(f, (x,), order=2, eps=1e-2, atol=5e-3)
    check_grads(lambda x: f(x, where=some)[some], (x,), order=2, eps=1e-2, atol=5e-3)


def test_nothing_leaks_from_a_scan():
    @jax.jit
    def run():
        offset = jnp.array(1.0)
        return jax.lax.scan(lambda h, _: (nn.sigmoid(h + offset), None), 0.0, None, length=2)

    with jax.checking_leaks():
        run()


def test_halves_over_an_axis():
    np.testing.assert_allclose(nn.glu(jnp.array([1.0, 0.0]), axis=0), [0.5])
