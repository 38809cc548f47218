"""The numerical promise, for every entry of the catalogue, against mpmath."""

import functools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from acts_jax.activations.catalogue import get, names
from acts_jax.derivative import derivative

SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)
EPS = float(np.finfo(np.float32).eps)


def exp(x):
    return mpmath.exp(x)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def normal(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def selu(x):
    scale, alpha = mpmath.mpf("1.0507009873554805"), mpmath.mpf("1.6732632423543772")
    return scale * (x if x > 0 else alpha * mpmath.expm1(x))


def clip(x, low, high):
    return min(max(x, low), high)


REFERENCES = {
    "a_relu": lambda x, k, n: k * x**n if x > 0 else mpmath.mpf(0),
    "algebraic": lambda x, k: x / (1 + abs(x) ** k) ** (1 / k),
    "arctan": mpmath.atan,
    "celu": lambda x, alpha: x if x > 0 else alpha * mpmath.expm1(x / alpha),
    "elu": lambda x, alpha: x if x > 0 else alpha * mpmath.expm1(x),
    "erf": mpmath.erf,
    "gelu": lambda x: x * normal(x),
    "gelu_tanh": lambda x: (
        x * sigmoid(2 * mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3))
    ),
    "generalized_logistic": lambda x, alpha: sigmoid(x) ** alpha,
    "gudermannian": lambda x: 2 * mpmath.atan(mpmath.tanh(x / 2)),
    "hard_sigmoid": lambda x: clip(x + 3, 0, 6) / mpmath.mpf(6),
    "hard_silu": lambda x: x * clip(x + 3, 0, 6) / mpmath.mpf(6),
    "hard_tanh": lambda x: clip(x, mpmath.mpf(-1), mpmath.mpf(1)),
    "identity": lambda x: x,
    "leaky_relu": lambda x, negative_slope: x if x > 0 else negative_slope * x,
    "log_sigmoid": lambda x: -mpmath.log1p(exp(-x)),
    "mish": lambda x: x * mpmath.tanh(mpmath.log1p(exp(x))),
    "prelu": lambda x, slope: x if x > 0 else slope * x,
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "relu6": lambda x: clip(x, mpmath.mpf(0), mpmath.mpf(6)),
    "sbaf": lambda x, k, alpha: 1 / (1 + k * x**alpha * (1 - x) ** (1 - alpha)),
    "selu": selu,
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "softplus": lambda x: mpmath.log1p(exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "swish": lambda x, beta: x * sigmoid(beta * x),
    "tanh": mpmath.tanh,
}

# Functions whose second derivative jumps at 0, or is infinite there.
SECOND_JUMPS_AT_ZERO = ("a_relu", "celu", "elu", "softsign")

ELEMENTWISE = names(elementwise=True)
WITH_PARAMETERS = [name for name in ELEMENTWISE if get(name).parameters]
# Every entry at its defaults, and those with parameters away from them too.
CASES = [(name, 1.0) for name in ELEMENTWISE] + [(name, 1.25) for name in WITH_PARAMETERS]
every_case = pytest.mark.parametrize("name, factor", CASES)
every_elementwise = pytest.mark.parametrize("name", ELEMENTWISE)


def parameters_of(name, factor):
    """The defaults times a factor, as numbers that float32 represents."""
    return {key: float(np.float32(factor * value)) for key, value in get(name).defaults.items()}


def inputs(name):
    """float32 inputs over all exponents, densely where the function bends, off the kinks."""
    low, high = get(name).domain
    rng = np.random.default_rng(0)
    sizes = np.concatenate([
        np.exp(rng.uniform(np.log(1.2e-38), np.log(3.4e38), 40)),
        np.exp(rng.uniform(np.log(1e-3), np.log(120), 120)),
        np.linspace(80, 110, 20),
    ])  # fmt: skip
    if (low, high) == (0, 1):
        sizes = np.concatenate([sizes[sizes < 1], 1 - sizes[sizes < 0.5], rng.uniform(0, 1, 100)])
    special = np.array([0, 0.5, 0.75179152, 1, 1.19243122, 1.27846456, 2.3993553, 3, 6], np.float32)
    special = np.concatenate([
        special, np.nextafter(special, np.float32(9)), np.nextafter(special, np.float32(-9)),
    ])  # fmt: skip
    points = np.concatenate([sizes, special]).astype(np.float32)
    points = np.unique(np.concatenate([points, -points]))
    points = points[(points == 0) | (np.abs(points) >= SMALLEST_NORMAL)]
    inside = (low <= points) & (points <= high) & ~np.isin(points, get(name).kinks)
    return points[inside & (points != low) & (points != high)]


@functools.cache
def reference(name, factor):
    """float64 arrays of f, f', f'' and f''' at `inputs(name)`, from mpmath."""
    parameters = parameters_of(name, factor)

    def f(x):
        return REFERENCES[name](x, **{key: mpmath.mpf(v) for key, v in parameters.items()})

    with mpmath.workprec(220):
        rows = [
            [float(value) for _, value in zip(range(4), mpmath.diffs(f, float(x), 3), strict=False)]
            for x in inputs(name)
        ]
    return np.array(rows).T


def excess(got, value, slope, x):
    """The error as a fraction of 4 ulp(value) + 4 eps |x slope|; at most 1 keeps the promise."""
    with np.errstate(over="ignore", invalid="ignore"):
        ulp = np.spacing(np.abs(value).astype(np.float32)).astype(np.float64)
    error = np.abs(np.asarray(got, np.float64) - value)
    result = error / (4 * ulp + 4 * EPS * np.abs(x.astype(np.float64) * slope))
    flushes = (np.abs(value) < SMALLEST_NORMAL) & (np.abs(got) <= 2 * SMALLEST_NORMAL)
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
    assert sorted(REFERENCES) == ELEMENTWISE


@functools.cache
def jets(name):
    """(x, parameters) -> (f, f', f''), compiled once per name."""
    f = get(name)
    return jax.jit(lambda x, parameters: [
        derivative(f, order)(x, **parameters) for order in range(3)
    ])  # fmt: skip


def eager(f, x):
    return f(x), derivative(f)(x)


def vmap(f, x):
    return jax.jit(jax.vmap(lambda x: (f(x), derivative(f)(x))))(x)


def grad_of_sum(f, x):
    return f(x), jax.jit(jax.grad(lambda x: f(x).sum()))(x)


@every_case
def test_value_and_derivative_within_four_ulp(name, factor):
    x = inputs(name)
    value, slope, curvature, _ = reference(name, factor)
    got_value, got_slope, _ = jets(name)(x, parameters_of(name, factor))
    assert_within_promise(np.asarray(got_value), value, slope, x, factor)
    assert_within_promise(np.asarray(got_slope), slope, curvature, x, factor)


@every_elementwise
@pytest.mark.parametrize("way", [eager, vmap, grad_of_sum])
def test_within_four_ulp_in_every_transformation(name, way):
    x = inputs(name)
    value, slope, curvature, _ = reference(name, 1.0)
    got_value, got_slope = way(get(name), x)
    assert_within_promise(np.asarray(got_value), value, slope, x, 1)
    assert_within_promise(np.asarray(got_slope), slope, curvature, x, 1)


@every_case
def test_second_derivative(name, factor):
    x = inputs(name)
    _, _, value, slope = reference(name, factor)
    got = np.asarray(jets(name)(x, parameters_of(name, factor))[2], np.float64)
    # Near a root of f'' the uncertainty of x counts: 64 eps of |x f'''|.
    tolerance = 1e-4 * np.abs(value) + 64 * EPS * np.abs(x * slope) + 1e-35
    overflows = (np.abs(value) > np.finfo(np.float32).max) & np.isinf(got)
    jumps = (x == 0) & (name in SECOND_JUMPS_AT_ZERO)
    error = np.where(overflows | jumps, 0, np.abs(got - value) / tolerance)
    worst = np.argmax(np.where(np.isnan(error), np.inf, error))
    assert error[worst] <= 1, f"x = {x[worst]!r}: {got[worst]!r} for {value[worst]!r}"


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_gradient_by_every_parameter(name):
    """Against mpmath, at points of every region, and summed over what a scalar reaches."""
    high = get(name).domain[1]
    points = [0.02, 0.3, 0.5, 0.81] if high == 1 else [-30, -3, -0.9, -1e-3, 0, 0.1, 0.9, 3, 30]
    x = jnp.asarray(points, jnp.float32)
    parameters = parameters_of(name, 1.25)

    def by(key, point):
        def f(value):
            changed = {**parameters, key: value}
            return REFERENCES[name](
                mpmath.mpf(point), **{k: mpmath.mpf(v) for k, v in changed.items()}
            )

        with mpmath.workprec(120):
            return float(mpmath.diff(f, parameters[key]))

    total = jax.jit(jax.grad(lambda parameters: get(name)(x, **parameters).sum()))(parameters)
    each = jax.jit(jax.jacfwd(lambda parameters: get(name)(x, **parameters)))(parameters)
    for key in parameters:
        expected = np.array([by(key, float(point)) for point in np.asarray(x)])
        np.testing.assert_allclose(each[key], expected, rtol=2e-6, atol=1e-12)
        np.testing.assert_allclose(total[key], expected.sum(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_parameter_gradients_are_finite(name):
    high = get(name).domain[1]
    x = np.float32([0, 1e-30, 1e-3, 0.5, 1] if high == 1 else [-1e15, -90, -1e-30, 0, 1e-30, 90])
    gradients = jax.jit(jax.jacfwd(lambda p: get(name)(x, **p)))(get(name).defaults)
    assert all(np.all(np.isfinite(gradient)) for gradient in gradients.values())
