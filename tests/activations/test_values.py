"""The numerical promise, for every entry of the catalogue, against mpmath."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations.catalogue import get, names
from acts_jax.activations.derivative import derivative
from acts_jax.precision import reference
from acts_jax.precision.accuracy import PROMISED, ulp_error

pytestmark = pytest.mark.slow

SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)
EPS = float(np.finfo(np.float32).eps)

ELEMENTWISE = names(elementwise=True)
WITH_PARAMETERS = [name for name in ELEMENTWISE if get(name).parameters]
# Every entry at its defaults, and those with parameters away from them too.
CASES = [(name, 1.0) for name in ELEMENTWISE] + [(name, 1.25) for name in WITH_PARAMETERS]
every_case = pytest.mark.parametrize("name, factor", CASES)
every_elementwise = pytest.mark.parametrize("name", ELEMENTWISE)


def parameters_of(name, factor):
    """The defaults times a factor, as numbers that float32 represents."""
    return {key: float(np.float32(factor * value)) for key, value in get(name).defaults.items()}


@functools.cache
def inputs(name):
    """float32 inputs over all exponents, densely where the function bends, off the kinks."""
    entry = get(name)
    low, high = entry.domain
    rng = np.random.default_rng(0)
    sizes = np.concatenate([
        np.exp(rng.uniform(np.log(1.2e-38), np.log(3.4e38), 32)),
        np.exp(rng.uniform(np.log(1e-3), np.log(120), 80)),
        np.linspace(79, 106, 10),
    ])  # fmt: skip
    sizes[::3] = sizes[::3].astype(jnp.bfloat16)  # for the tests of 16 bits
    sizes[1::3] = np.clip(sizes[1::3], 2.0**-14, 65504).astype(np.float16)
    if (low, high) == (0, 1):
        sizes = np.concatenate([sizes[sizes < 1], 1 - sizes[sizes < 0.5], rng.uniform(0, 1, 100)])
    special = [0, 0.5, 0.75179152, 1, 1.19243122, 1.27846456, 2.3993553, 3, 6, *entry.kinks]
    special = np.array(special, np.float32)
    special = np.concatenate([
        special, np.nextafter(special, np.float32(9)), np.nextafter(special, np.float32(-9)),
    ])  # fmt: skip
    points = np.concatenate([sizes, special]).astype(np.float32)
    points = np.unique(np.concatenate([points, -points]))
    points = points[(points == 0) | (np.abs(points) >= SMALLEST_NORMAL)]
    inside = (low <= points) & (points <= high) & ~np.isin(points, entry.kinks)
    return points[inside & (points != low) & (points != high)]


@functools.cache
def exact(name, factor):
    """float64 arrays of f and its first three derivatives at `inputs(name)`, from mpmath."""
    parameters = parameters_of(name, factor)
    rows = [reference.derivatives(name, float(x), 3, **parameters) for x in inputs(name)]
    return np.array([[float(value) for value in row] for row in rows]).T


def excess(got, value, slope, x):
    """The error as a fraction of what is promised; at most 1 keeps the promise."""
    with np.errstate(over="ignore", invalid="ignore"):
        ulp = np.spacing(np.abs(value).astype(np.float32)).astype(np.float64)
        error = np.abs(np.asarray(got, np.float64) - value)
        result = error / (PROMISED * (ulp + EPS * np.abs(x.astype(np.float64) * slope)))
    # A sum of two flushes to 0 one binade early.
    flushes = (np.abs(value) < 2 * SMALLEST_NORMAL) & (np.abs(got) <= 2 * SMALLEST_NORMAL)
    overflows = (np.abs(value) > np.finfo(np.float32).max) & np.isinf(got)
    return np.where(flushes | overflows, 0, result)


def assert_within_promise(got, value, slope, x, factor):
    # Away from its default a parameter may multiply the rounding errors by the factor.
    fraction = excess(got, value, slope, x) / factor
    worst = np.argmax(np.where(np.isnan(fraction), np.inf, fraction))
    assert fraction[worst] <= 1, (
        f"{fraction[worst]:.3g} of the bound at x = {x[worst]!r}: "
        f"{got[worst]!r} for {value[worst]!r}"
    )


def test_every_elementwise_activation_has_a_reference():
    assert reference.names() == ELEMENTWISE


@functools.cache
def jets(name):
    """(x, parameters) -> (f, f', f''), compiled once per name."""
    f = get(name)
    return jax.jit(lambda x, parameters: [
        derivative(f, order)(x, **parameters) for order in range(3)
    ])  # fmt: skip


@jax.jit(static_argnums=0)
def grad_of_sum(f, x):
    return f(x), jax.grad(lambda x: f(x).sum())(x)


@jax.jit(static_argnums=0)
def compiled(f, x):
    """The same twice, as vmap sees a scalar function and as training sees it."""
    return jax.vmap(jax.value_and_grad(f))(x), grad_of_sum(f, x)


@every_case
def test_value_and_derivative_within_four_ulp(name, factor):
    x = inputs(name)
    value, slope, curvature, _ = exact(name, factor)
    got_value, got_slope, _ = jets(name)(x, parameters_of(name, factor))
    assert_within_promise(np.asarray(got_value), value, slope, x, factor)
    assert_within_promise(np.asarray(got_slope), slope, curvature, x, factor)


def assert_within_promise_everywhere(results, name):
    x = inputs(name)
    value, slope, curvature, _ = exact(name, 1.0)
    for got_value, got_slope in results:
        assert_within_promise(np.asarray(got_value), value, slope, x, 1)
        assert_within_promise(np.asarray(got_slope), slope, curvature, x, 1)


@pytest.mark.parametrize("name", ["aria2", "logish", "mish", "phish", "serf", "snake", "tanh_exp"])
def test_within_promise_where_the_terms_cancel(name):
    """At 2^19 inputs, against the same entry's float64, which is held to mpmath elsewhere."""
    x = np.unique(np.random.default_rng(0).uniform(-4, 0, 2**19).astype(np.float32))
    got = jax.jit(lambda x: (get(name)(x), derivative(get(name))(x)))(x)
    with jax.enable_x64(True):
        value, slope, curvature = map(np.asarray, jets(name)(x.astype(np.float64), {}))
    assert_within_promise(np.asarray(got[0]), value, slope, x, 0.95)
    assert_within_promise(np.asarray(got[1]), slope, curvature, x, 0.95)


@every_elementwise
def test_within_four_ulp_as_vmap_and_training_see_it(name):
    assert_within_promise_everywhere(compiled(get(name), inputs(name)), name)


@pytest.mark.parametrize("name", ELEMENTWISE[::6])
def test_within_four_ulp_without_jit(name):
    """Each activation is one compiled program even so: some of them will do."""
    f, x = get(name), inputs(name)
    assert_within_promise_everywhere([(f(x), derivative(f)(x))], name)


@every_elementwise
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_sixteen_bits_within_one_ulp(name, dtype):
    x = inputs(name)
    with np.errstate(over="ignore"):
        here = x.astype(dtype).astype(np.float32) == x  # those that it represents
    got = jax.jit(lambda x: (get(name)(x), derivative(get(name))(x)))(x[here].astype(dtype))
    for ours, true in zip(got, exact(name, 1.0), strict=False):
        error = ulp_error(np.asarray(ours), true[here])
        worst = np.argmax(error)
        assert error[worst] <= 1, f"{error[worst]} ULP at x = {x[here][worst]!r}"


@every_elementwise
def test_within_four_ulp_of_float64_if_enabled(name):
    rng = np.random.default_rng(1)
    sizes = np.exp(rng.uniform(np.log(1e-30), np.log(1e30), 8))
    sizes = np.concatenate([sizes, np.exp(rng.uniform(np.log(1e-2), np.log(80), 22))])
    x = rng.uniform(0, 1, 60) if get(name).domain == (0, 1) else np.concatenate([sizes, -sizes])
    rows = [reference.derivatives(name, v, 2) for v in x]
    value, slope, curvature = np.array([[float(term) for term in row] for row in rows]).T
    with jax.enable_x64(True):
        got = [np.asarray(result) for result in grad_of_sum(get(name), x)]
    for ours, true, steepness in zip(got, (value, slope), (slope, curvature), strict=True):
        assert ours.dtype == np.float64
        with np.errstate(over="ignore", invalid="ignore"):
            bound = np.spacing(np.abs(true)) + 2.0**-52 * np.abs(x * steepness) + 1e-75
            error = np.where(ours == true, 0, np.abs(ours - true) / bound)
        worst = np.argmax(np.where(np.isnan(error), np.inf, error))
        found = f"{error[worst]:.3g} ULP at x = {x[worst]!r}: {true[worst]!r}"
        assert error[worst] <= PROMISED, found


def second_jumps(name, factor):
    """Infinite where f'' jumps or is infinite, so that any value will do; else 0."""
    parameters = parameters_of(name, factor)

    if get(name).domain == (0, 1):
        return 0

    def apart(x):
        step = max(abs(x), 1.0) * 2.0**-20
        left, right = (
            float(reference.derivative(name, x + side * step, 2, **parameters)) for side in (-1, 1)
        )
        return abs(left - right) > 1e-3 * (1 + abs(left))

    return np.array([np.inf if abs(x) < 10 and apart(float(x)) else 0 for x in inputs(name)])


@every_case
def test_second_derivative(name, factor):
    x = inputs(name)
    _, _, value, slope = exact(name, factor)
    got = np.asarray(jets(name)(x, parameters_of(name, factor))[2], np.float64)
    # Near a root of f'' the uncertainty of x counts: 64 eps of |x f'''|.
    tolerance = 1e-4 * np.abs(value) + 64 * EPS * np.abs(x * slope) + 1e-35
    overflows = (np.abs(value) > np.finfo(np.float32).max) & np.isinf(got)
    tolerance += second_jumps(name, factor)
    if name == "rational":  # its terms cancel
        tolerance += 1e-5 / (1 + np.abs(x.astype(np.float64))) ** 3
    with np.errstate(invalid="ignore"):
        error = np.where(overflows, 0, np.abs(got - value) / tolerance)
    worst = np.argmax(np.where(np.isnan(error), np.inf, error))
    assert error[worst] <= 1, f"x = {x[worst]!r}: {got[worst]!r} for {value[worst]!r}"


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_gradient_by_every_parameter(name):
    """Against mpmath, at points of every region, and summed over what a scalar reaches."""
    high = get(name).domain[1]
    points = [0.02, 0.3, 0.5, 0.81] if high == 1 else [-30, -3, -0.9, -1e-3, 0, 0.1, 0.9, 3, 30]
    x = np.float32([v for v in points if v not in get(name).defaults.values()])
    far = np.float32([0, 1e-30, 1e-3, 0.5, 1] if high == 1 else [-1e15, -90, -1e-30, 0, 1e-30, 90])
    parameters = parameters_of(name, 1.25)

    @jax.jit
    def gradients(x, parameters):
        each = jax.jacfwd(lambda p: get(name)(x, **p))(parameters)
        return each, jax.grad(lambda p: get(name)(x, **p)[: len(points)].sum())(parameters)

    padded = np.concatenate([x, np.full(len(points) - len(x), 0.25, np.float32), far])
    each, total = gradients(padded, parameters)
    rest = padded[len(x) : len(points)]
    for key in parameters:
        expected = np.array(
            [
                float(reference.by_parameter(name, float(point), key, **parameters))
                for point in (*x, *rest[:1])
            ]
        )
        np.testing.assert_allclose(each[key][: len(expected)], expected, rtol=2e-6, atol=1e-12)
        weights = [1] * len(x) + [len(rest)] * min(1, len(rest))
        np.testing.assert_allclose(total[key], weights @ expected, rtol=1e-5, atol=1e-6)
        assert np.all(np.isfinite(each[key]))
    each, _ = gradients(padded, parameters_of(name, 1.0))
    assert all(np.all(np.isfinite(gradient)) for gradient in each.values())
