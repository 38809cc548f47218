"""What holds for every entry of the catalogue besides float32 accuracy.

Dtypes, all 16-bit inputs, infinities and NaN, kinks, parameters and their gradients.
"""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import acts_jax
from acts_jax.activations.catalogue import get, names
from acts_jax.activations.derivative import derivative
from acts_jax.precision import reference

pytestmark = pytest.mark.slow

ELEMENTWISE = names(elementwise=True)
WITH_PARAMETERS = [name for name in ELEMENTWISE if get(name).parameters]
every_elementwise = pytest.mark.parametrize("name", ELEMENTWISE)
SIXTEEN_BIT = [jnp.bfloat16, jnp.float16]


@functools.cache
def jet(name):
    """x -> (f, f'), compiled once per name and dtype: see `evaluate`."""
    return jax.jit(lambda x: (get(name)(x), derivative(get(name))(x)))


def evaluate(name, x):
    """f and f' as NumPy arrays; x is padded, so that float32 arrays share one compilation."""
    padded = np.full(65536, 0.5, x.dtype)
    padded[: len(x)] = x
    return [np.asarray(result)[: len(x)] for result in jet(name)(padded)]


@every_elementwise
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float64])
def test_keeps_the_dtype(name, dtype):
    with jax.enable_x64(dtype == jnp.float64):
        x = jax.ShapeDtypeStruct((2,), dtype)
        wide = {key: jnp.asarray(v, jnp.float32) for key, v in get(name).defaults.items()}
        second = functools.partial(jax.eval_shape, derivative(get(name), 2))
        assert jax.eval_shape(get(name), x, **wide).dtype == second(x).dtype == dtype


@every_elementwise
def test_integers_promote(name):
    x = jax.ShapeDtypeStruct((2,), jnp.int32)
    keeps = name in ("identity", "relu", "hard_tanh")  # as in jax.nn
    assert jax.eval_shape(get(name), x).dtype == (jnp.int32 if keeps else jnp.float32)
    assert jax.eval_shape(get(name).derivative, x).dtype == jnp.float32


@every_elementwise
def test_rejects_complex_numbers(name):
    with pytest.raises(ValueError, match="real numbers"):
        jax.eval_shape(get(name), jax.ShapeDtypeStruct((2,), jnp.complex64))


@pytest.mark.parametrize(
    "name, dtype", list(zip(ELEMENTWISE, itertools.cycle(SIXTEEN_BIT), strict=False))
)
def test_every_sixteen_bit_input_is_rounded_once(name, dtype):
    """At most 1 ULP from float32, which test_values holds to mpmath; the dtypes take turns."""
    x = np.arange(65536, dtype=np.uint16).view(dtype)
    tiny = float(jnp.finfo(dtype).tiny)
    for got, exact in zip(evaluate(name, x), evaluate(name, x.astype(np.float32)), strict=True):
        with np.errstate(over="ignore", invalid="ignore"):
            expected = exact.astype(dtype)
        # Neighbouring floats of one sign have neighbouring bit patterns.
        distance = np.abs(got.view(np.int16).astype(int) - expected.view(np.int16).astype(int))
        got, expected = got.astype(np.float32), expected.astype(np.float32)
        flushed = (np.abs(got) <= tiny) & (np.abs(expected) <= tiny)
        assert np.all((np.isnan(got) & np.isnan(expected)) | flushed | (distance <= 1))


def limit(f, sign):
    """The limit of f at infinity, from its growth between 1e6 and 1e12."""
    near, far = f(sign * mpmath.mpf(10) ** 6), f(sign * mpmath.mpf(10) ** 12)
    if abs(far) > 10 and abs(far) > 1.5 * abs(near):
        return math.copysign(math.inf, far)
    return float(far)


@every_elementwise
def test_infinities_give_the_limits(name):
    got = np.array(evaluate(name, np.float32([-np.inf, np.inf])))
    if get(name).domain == (0, 1):
        expected = np.full((2, 2), np.nan)
    elif get(name).family == "periodic":
        expected = np.where([[name == "snake"], [False]], [-np.inf, np.inf], np.nan)
    else:
        expected = [
            [limit(lambda x, k=k: reference.derivative(name, x, k), side) for side in (-1, 1)]
            for k in (0, 1)
        ]
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-10)


@every_elementwise
def test_nan_gives_nan(name):
    value, slope = evaluate(name, np.float32([np.nan]))
    assert np.isnan(value[0])
    assert np.isnan(slope[0]) or name == "identity"


@every_elementwise
def test_finite_in_finite_out(name):
    low, high = get(name).domain
    sizes = np.float32([0, 1e-45, 1.2e-38, 1e-4, 0.5, 1, 17, 80, 88, 89, 104, 1e4, 1e19, 3e38])
    x = np.concatenate([sizes, -sizes])
    x = x[(low <= x) & (x <= high)]
    value, slope = evaluate(name, x)
    vertical = ((x < 1e-40) | (x == 1)) & (name == "sbaf")
    for order, got in enumerate((value, slope)):
        suspects = x[~np.isfinite(got) & ~vertical]
        exact = [reference.derivative(name, float(v), order) for v in suspects]
        assert all(abs(v) > np.finfo(np.float32).max for v in exact)


@every_elementwise
def test_range_is_declared_right(name):
    low, high = get(name).domain
    x = np.float32(np.linspace(max(low, -60), min(high, 60), 60001))
    value, _ = evaluate(name, x)
    bottom, top = get(name).range
    assert np.all((bottom - 1e-6 <= value) & (value <= top + 1e-6))
    assert bottom == -math.inf or value.min() < bottom + 0.02
    assert top == math.inf or value.max() > top - 0.04


JAX_NN = {
    name: getattr(jax.nn, key)
    for name in ELEMENTWISE
    for key in (name, *get(name).aliases)
    if hasattr(jax.nn, key) and name not in ("gelu", "swish")  # other functions in jax.nn
}


@pytest.mark.parametrize("name", JAX_NN)
def test_promotes_every_dtype_as_jax_nn_does(name):
    """Those that jax.nn refuses, such as the sigmoid of integers, become float32."""
    for dtype in (bool, jnp.int8, jnp.uint8, jnp.int32, *SIXTEEN_BIT, jnp.float32):
        x = jax.ShapeDtypeStruct((2,), dtype)
        try:
            expected = jax.eval_shape(JAX_NN[name], x).dtype
        except TypeError:
            expected = jnp.float32
        assert jax.eval_shape(get(name), x).dtype == expected


def test_every_name_of_jax_nn_is_a_public_name():
    keys = [key for name in names() for key in (name, *get(name).aliases) if hasattr(jax.nn, key)]
    assert {"hard_swish", "soft_sign", "softmax", "silu"} <= set(keys) <= set(dir(acts_jax))


@pytest.mark.parametrize("name", JAX_NN)
def test_kinks_and_integers_as_in_jax_nn(name):
    theirs = JAX_NN[name]
    points = np.float32([*get(name).kinks, 0.0, -1.0, 0.5])
    expected, slopes = jax.jit(jax.vmap(jax.value_and_grad(theirs)))(points)
    value, slope = evaluate(name, points)
    np.testing.assert_allclose(slope, slopes, rtol=1e-6)
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-7)


@every_elementwise
def test_kinks_are_declared(name):
    """The derivative jumps at the declared kinks and, on a fine grid, nowhere else."""
    low, high = get(name).domain
    x = np.float32(np.arange(max(low, -8) + 1 / 512, min(high, 8), 1 / 256))
    _, slope = evaluate(name, x)
    jumps = x[:-1][np.abs(np.diff(slope)) > 0.1 + 0.01 * np.abs(slope[1:])] + 1 / 512
    steep = {"sbaf": (jumps < 0.1) | (jumps > 0.9), "a_relu": np.abs(jumps) < 0.1}
    jumps = jumps[~steep.get(name, np.zeros_like(jumps, bool))]
    assert len(jumps) == len(get(name).kinks)
    assert np.allclose(jumps, get(name).kinks, atol=1 / 100)


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_parameters_broadcast_against_x(name):
    """A scalar, one per channel, and a column: under strict rank promotion, as by hand."""
    x = np.float32(np.random.default_rng(0).uniform(0.1, 0.9, (3, 4)))
    key, value = next(iter(get(name).defaults.items()))
    values = np.float32(value * np.linspace(0.8, 1.2, 4))
    each = jax.jit(lambda column, v: get(name)(column, **{key: v}))
    by_hand = np.stack([each(x[:, i], values[i]) for i in range(4)], axis=1)
    with jax.numpy_rank_promotion("raise"):
        by_channel = get(name)(x, **{key: values})
        total = jax.eval_shape(jax.grad(lambda v: get(name)(x, **{key: v}).sum()), values)
        mapped = jax.vmap(each, (None, 0))(x[:, 0], values)
    np.testing.assert_allclose(by_channel, by_hand, rtol=1e-6)
    assert total.shape == (4,)
    np.testing.assert_allclose(mapped[1], each(x[:, 0], values[1]), rtol=1e-6)


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_parameters_at_zero_or_outside(name):
    """Every bounded interval is enforced for plain numbers, and only for them."""
    x = jnp.float32(0.5)
    for key, parameter in get(name).parameters.items():
        for outside in (parameter.low - 1, parameter.high + 1, math.nan):
            if math.isinf(outside):
                continue
            with pytest.raises(ValueError, match=f"{name}: {key} must be in"):
                get(name)(x, **{key: outside})
            jax.eval_shape(lambda v, key=key: get(name)(x, **{key: v}), outside)
