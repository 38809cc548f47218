"""The measure of accuracy, on errors that are known."""

import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations.catalogue import Activation, get
from acts_jax.precision import accuracy
from acts_jax.precision.accuracy import largest_errors, mixed_error, stratified, ulp_error

DTYPES = [jnp.float32, jnp.float64, jnp.float16, jnp.bfloat16]


def moved(value, ulps, dtype):
    """The number whose bit pattern is so many steps from the value's, away from 0."""
    dtype = jnp.dtype(dtype)
    bits = np.array([value], dtype).view(f"int{8 * dtype.itemsize}")
    return (bits + bits.dtype.type(ulps)).view(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [1.5, -1.5, 1.25 * 2.0**-13, 192.0])
@pytest.mark.parametrize("ulps", [0, 1, 2, 7])
def test_k_ulp_are_measured_as_k(value, ulps, dtype):
    assert ulp_error(moved(value, ulps, dtype), np.array([value])) == ulps


def test_fractions_of_an_ulp_count_also_beyond_float64():
    eps = 2.0**-23
    assert ulp_error(np.float32([1]), np.array([1 + eps / 4])) == 0.25
    got = np.array([1 + 2.0**-52])
    assert ulp_error(got, np.array([1.0]), np.array([2.0**-54])) == 0.75
    # the last place is that of the rounded result, here 2^-23 and not 2^-24
    assert ulp_error(np.float32([1 + eps]), np.array([1 - eps / 8])) == 1.125


def test_results_below_the_smallest_normal_number():
    tiny = 2.0**-126
    true = np.array([tiny / 2, -tiny / 2, tiny / 2, tiny, tiny / 4])
    got = np.float32([0, 0, tiny / 2 + 3 * 2.0**-149, 0, -tiny / 4])
    expected = [0, 0, 3, 2.0**23, 2.0**22]
    np.testing.assert_array_equal(ulp_error(got, true), expected)
    half = np.float16([0, 2.0**-24, 3 * 2.0**-24])
    np.testing.assert_array_equal(ulp_error(half, np.array([2.0**-15, 2.0**-24, 0.0])), [0, 0, 3])


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinities_and_nan(dtype):
    largest = float(jnp.finfo(dtype).max)
    inf, nan = np.inf, np.nan
    got = np.array([inf, -inf, inf, nan, 1, nan, inf, 1, largest, inf], dtype)
    true = np.array([inf, -inf, -inf, 1, nan, nan, 1, inf, inf, largest])
    expected = [0, 0, inf, inf, inf, 0, inf, inf, 1, 1]
    np.testing.assert_array_equal(ulp_error(got, true), expected)


def test_mixed_error_forgives_steepness_only():
    x, true = np.float32([1, 1, 1]), np.array([1.0, 1.0, 1.0])
    error = np.array([4.0, 4.0, np.inf])
    mixed = mixed_error(error, true, np.array([0.0, 3.0, 3.0]), x)
    np.testing.assert_array_equal(mixed, [4, 1, np.inf])


def test_the_worst_of_either_measure_is_kept():
    worst = accuracy.Error("f", "acts_jax", 0, "mpmath")
    got = np.concatenate([moved(1.5, ulps, jnp.float32) for ulps in (5, 3, 4)])
    true, low, slope = np.full(3, 1.5), np.zeros(3), np.array([9.0, 0.0, 9.0])
    x = np.float32([1, 2, 3])
    for part in (slice(2), slice(2, 3)):
        worst.update(x[part], got[part], true[part], low[part], slope[part])
    assert (worst.ulp, worst.at, worst.got, worst.true) == (5, 1, got[0], 1.5)
    assert (worst.mixed, worst.mixed_at) == (3, 2)


@pytest.mark.parametrize("dtype", accuracy.DTYPES)
def test_stratified_inputs_cover_every_exponent_of_either_sign(dtype):
    x = stratified(dtype, 2**13, near=(-6.0,))
    info = jnp.finfo(x.dtype)
    assert x.dtype == jnp.dtype(dtype)
    assert np.all(np.isfinite(x.astype(np.float64)))
    assert np.all(np.diff(x.astype(np.float64)) >= 0)
    bits = x.view(f"uint{8 * x.dtype.itemsize}")
    assert len(np.unique(bits)) == len(bits)
    assert len(np.unique(bits >> info.nmant)) == 2 * (2**info.nexp - 1)
    for point in (-6.0, 6.0):
        assert moved(point, 0, dtype) in x
        assert moved(point, 1, dtype) in x


def test_sixteen_bit_inputs_are_all_taken():
    assert len(stratified("bfloat16", 1)) == 65536 - 2 * 2**7
    assert len(stratified("float16", 1)) == 65536 - 2 * 2**10


def test_all_float32_inputs_come_in_ascending_arrays():
    arrays = accuracy.every_float32(2**16)
    first, second = next(arrays), next(arrays)
    assert len(first) == len(second) == 2**16
    assert first[0] == 0
    assert second[0] == np.nextafter(first[-1], np.float32(1))
    assert np.all(np.diff(second) > 0)


@pytest.fixture(scope="module")
def silu_tables():
    return accuracy.tables("silu")


def broken(function):
    """A catalogue entry that claims to be silu."""
    return Activation(name="silu", function=function)


def test_ours_keeps_the_promise_and_jax_nn_does_not(silu_tables):
    ours, slope, theirs, their_slope = largest_errors(
        "silu", inputs=2**14, tabulated=silu_tables, libraries=("acts_jax", "jax.nn")
    )
    assert (ours.library, ours.order, their_slope.library, their_slope.order) == (
        "acts_jax", 0, "jax.nn", 1,
    )  # fmt: skip
    assert ours.mixed <= 4
    assert slope.mixed <= 4
    assert theirs.ulp > 1e6
    assert their_slope.ulp > 1e6
    assert -110 < their_slope.at < -80
    assert ours.inputs > 2**13


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
@pytest.mark.parametrize(
    ("function", "order", "at"),
    [
        (lambda x: jnp.where(jnp.abs(x - 2) < 0.05, 1.1 * x, get("silu")(x)), 0, 2),
        (lambda x: jnp.where(x < 60, get("silu")(x), 60), 1, 60),
        (lambda x: jnp.where(jnp.abs(x - 3) < 0.05, jnp.nan, get("silu")(x)), 0, 3),
    ],
    ids=["ten percent off", "derivative cut off", "NaN"],
)
def test_a_broken_function_is_caught(function, order, at, dtype, silu_tables):
    inputs = 500 if dtype == "float64" else 2**14
    errors = largest_errors(broken(function), dtype, inputs, silu_tables, ["acts_jax"])
    assert errors[order].ulp > 10
    assert errors[order].at > at > 50 or abs(errors[order].at - at) < 0.1


def test_a_function_without_a_reference_is_compared_with_its_float64_self():
    mine = Activation(name="mine", function=lambda x: 1 - jnp.exp(x))
    value, _ = largest_errors(mine, inputs=2**13)
    assert value.reference == "its own float64"
    assert value.ulp > 1e5  # it cancels near 0
    assert abs(value.at) < 1e-3


def test_wrong_tables_are_noticed(silu_tables):
    with pytest.raises(ArithmeticError, match="tanh: the table of true values is wrong"):
        largest_errors("tanh", inputs=2**13, tabulated=silu_tables, libraries=["acts_jax"])


def test_whole_vector_functions_are_refused():
    with pytest.raises(ValueError, match="sparsemax acts on whole vectors"):
        largest_errors("sparsemax")


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_readouts_keep_the_promise_and_those_of_jax_nn_do_not(name):
    found = {(e.library, e.order): e for e in largest_errors(name, inputs=2**14)}
    assert found["acts_jax", 0].reference == "mpmath"
    assert found["acts_jax", 0].mixed <= 4 and found["acts_jax", 1].mixed <= 4
    assert found["jax.nn", 1].mixed > 1e4


def test_tables_come_in_order_from_several_processes():
    found = dict(accuracy.tables_of(["relu", "identity"]))
    assert list(found) == ["relu", "identity"]
    value, slope = found["relu"][0](np.array([-2.0, 3.0]))
    np.testing.assert_allclose(value, [0, 3], rtol=1e-13)
    np.testing.assert_allclose(slope, [0, 1], rtol=1e-13)
