"""The sigmoid, its powers and its integral, and what it gates."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.kernels.arithmetic import bounded, clipped, scaled, upper_half
from acts_jax.kernels.derivatives import with_derivatives
from acts_jax.kernels.exponentials import (
    LOG2,
    LOG2_REST,
    LOG2_SHORT,
    decay_minus_one,
    decay_or_line,
    exponential,
    exponential_parts,
    lifted_exponential,
    lifted_exponential_of_sum,
    small_power_of_two,
    whole_power_of_two,
)
from acts_jax.kernels.lifting import LIFT, unlift
from acts_jax.kernels.logarithms import log1p_over, log1p_within_one, log_cosh_of_half

# Values and derivatives compute their exponentials anew: XLA would pass a common one through
# memory, which takes longer.


@with_derivatives(lambda x: -sigmoid_slope(x) * lax.tanh(x / 2))
def sigmoid_slope(x: jax.Array) -> jax.Array:
    """sigmoid'(x) = e / (1 + e)^2 with e = exp(-|x|); s (1 - s) would be 0 for x > 17."""
    e = exponential(-jnp.abs(x))
    return e / jnp.square(1 + e)


@with_derivatives(sigmoid_slope)
def sigmoid(x: jax.Array) -> jax.Array:
    """1 / (1 + exp(-x)), of which no digits need saving."""
    return 1 / (1 + jnp.exp(-x))


def lifted_sigmoid(x: jax.Array) -> jax.Array:
    """sigmoid(x), lifted: exactly 0 for x < -117, for float64 for x < -737."""
    return _lifted_sigmoid(x, 128 + LIFT)[0]


def lifted_sigmoid_and_complement(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """sigmoid(x), lifted, and sigmoid(-x)."""
    s, e = _lifted_sigmoid(x, 127 + LIFT)
    return s, e * s


def _lifted_sigmoid(x, largest):
    # with e = 2^-LIFT exp(-x), clamped between 0 and 2^(largest - LIFT), of which 2^128 is infinite
    if x.dtype == jnp.float64:
        rise = clipped(-x, -700, 736 if largest < 128 + LIFT else 800)
        far = rise > 600  # the lift in the exponent would cost digits
        unit = jnp.where(far, 2.0**-LIFT * math.exp(64), 2.0**-LIFT)
        e = jnp.exp(jnp.where(far, rise - 64, rise)) * unit
        return 1 / (2.0**-LIFT + e), e
    fraction, whole = exponential_parts(clipped(-x, -87 * LOG2, largest * LOG2), 127 - LIFT)
    e = fraction * whole_power_of_two(whole - LIFT)
    return 1 / (2.0**-LIFT + e), e


def _gated(x, lifted):
    """x times what the lifted gate stands for, for finite x, or x = inf where the gate is 1."""
    # the order in which neither of the products leaves the range of normal numbers early
    return jnp.where(jnp.abs(x) > 1e15, x * unlift(lifted), unlift(x * lifted))


def _gated_slope(v, u):
    """sigmoid(u) (1 + v sigmoid(-u)): the derivative of x sigmoid(u) for v = x u'."""
    s, complement = lifted_sigmoid_and_complement(u)
    return unlift(s * (1 + v * complement))


def _not_minus_infinity(x):
    return jnp.maximum(x, jnp.finfo(x.dtype).min)


@with_derivatives(lambda x: sigmoid_slope(x) * (2 - bounded(x) * lax.tanh(x / 2)))
def silu_slope(x: jax.Array) -> jax.Array:
    """sigmoid(x) (1 + x sigmoid(-x))."""
    x = bounded(x, 120 if x.dtype == jnp.float32 else 800)
    return _gated_slope(x, x)


@with_derivatives(silu_slope)
def silu(x: jax.Array) -> jax.Array:
    """x sigmoid(x)."""
    return _gated(_not_minus_infinity(x), lifted_sigmoid(x))


@with_derivatives(lambda x: silu_slope(1.702 * x))
def quick_gelu(x: jax.Array) -> jax.Array:
    """x sigmoid(1.702 x)."""
    return _gated(_not_minus_infinity(x), lifted_sigmoid(1.702 * x))


def _swish_by_beta(x, beta):
    # x^2 sigmoid'(beta x)
    u = scaled(beta, x)
    e = jnp.exp(-jnp.abs(u))
    return bounded(x) * (bounded(x) * e) / jnp.square(1 + e)


@with_derivatives(lambda x, beta: silu_slope(scaled(beta, x)), _swish_by_beta)
def swish(x: jax.Array, beta: jax.Array) -> jax.Array:
    """x sigmoid(beta x)."""
    u = scaled(beta, x)
    return _gated(jnp.where(u >= 0, x, bounded(x)), lifted_sigmoid(u))


# f = x sigmoid(u) with u = sqrt(8 / pi) (x + 0.044715 x^3)
_TANH_GELU_SCALE = math.sqrt(8 / math.pi)


def _tanh_gelu_argument(x, scale=_TANH_GELU_SCALE):
    return x * (scale + (0.044715 * scale) * jnp.square(x))


def _lowered_tanh_gelu_decay(x):
    """2^-LIFT exp(-u) for float32 x between -10.5 and 6: beyond, only the limits remain."""
    return small_power_of_two(_tanh_gelu_argument(x, -_TANH_GELU_SCALE / math.log(2)), -LIFT)


def _gelu_tanh_curvature(x):
    # sigmoid'(u) (2 u' + x (u'' - u'^2 tanh(u / 2)))
    x = bounded(x, 1e4)
    u = _tanh_gelu_argument(x)
    du = _TANH_GELU_SCALE * (1 + 0.134145 * jnp.square(x))
    ddu = _TANH_GELU_SCALE * 0.26829 * x
    return sigmoid_slope(u) * (2 * du + x * (ddu - jnp.square(du) * lax.tanh(u / 2)))


@with_derivatives(_gelu_tanh_curvature)
def _gelu_tanh_slope(x):
    # sigmoid(u) (1 + x u' sigmoid(-u))
    double = x.dtype == jnp.float64
    x = clipped(x, -30, 30) if double else clipped(x, -10.5, 6)
    v = x * (_TANH_GELU_SCALE + (0.134145 * _TANH_GELU_SCALE) * jnp.square(x))
    if double:
        return _gated_slope(v, _tanh_gelu_argument(x))
    e = _lowered_tanh_gelu_decay(x)
    one_more = 2.0**-LIFT + e
    return unlift((1 + v * (e / one_more)) / one_more)


@with_derivatives(_gelu_tanh_slope)
def gelu_tanh(x: jax.Array) -> jax.Array:
    """x sigmoid(u)."""
    if x.dtype == jnp.float64:
        return _gated(_not_minus_infinity(x), lifted_sigmoid(_tanh_gelu_argument(x)))
    inside = clipped(x, -10.5, 6)
    gated = unlift(inside / (2.0**-LIFT + _lowered_tanh_gelu_decay(inside)))
    return jnp.where(x > 6, x, gated)


def _elish_curvature(x):
    # for x < 0 f' = s c p with p = e^2 + 2 e - 1, c = sigmoid(-x), and c' = -s c
    e = exponential(jnp.minimum(x, 0))
    left = (1 - e) * (e * (2 + e) - 1) / (1 + e) + 2 * e * (1 + e)
    return sigmoid_slope(x) * jnp.where(x < 0, left, 2 - bounded(x) * lax.tanh(x / 2))


@with_derivatives(_elish_curvature)
def _elish_slope(x):
    x = bounded(x, 120 if x.dtype == jnp.float32 else 800)
    e = exponential(jnp.minimum(x, 0))
    return _gated_slope(jnp.where(x < 0, e * (1 + e) - 2, x), x)


@with_derivatives(_elish_slope)
def elish(x: jax.Array) -> jax.Array:
    """The elu times the sigmoid."""
    return _gated(decay_or_line(x), lifted_sigmoid(x))


def _softplus(x):
    return jnp.maximum(x, 0) + log1p_within_one(exponential(-jnp.abs(x)))


@with_derivatives(lambda x: sigmoid(-x))
def log_sigmoid(x: jax.Array) -> jax.Array:
    """log(sigmoid(x))."""
    return -_softplus(-x)


@with_derivatives(
    lambda x, alpha: alpha * sigmoid(-x) * lifted_sigmoid_power(x, alpha),
    lambda x, alpha: log_sigmoid(x) * lifted_sigmoid_power(x, alpha),
)
def lifted_sigmoid_power(x: jax.Array, alpha: jax.Array) -> jax.Array:
    """sigmoid(x)^alpha for alpha > 0, lifted: right to an ULP or two for alpha of a few units."""
    # log(sigmoid(x)) in two terms; near 0 sigmoid(x) = exp(x / 2) / (2 cosh(x / 2))
    near, inside = jnp.abs(x) < 1, bounded(x, 1)
    first = jnp.where(near, -LOG2_SHORT, jnp.clip(x, -1e30, 0))
    log_twice = 0.5 * inside - log_cosh_of_half(inside)
    decay = log1p_within_one(unlift(lifted_exponential(-jnp.abs(x))))  # as slopes need it
    second = jnp.where(near, log_twice - LOG2_REST, -decay)
    # alpha times the larger term is exact: the upper halves apart
    upper, alpha_upper = upper_half(first), upper_half(alpha)
    rest = alpha_upper * (first - upper) + (alpha - alpha_upper) * first
    return lifted_exponential_of_sum(alpha_upper * upper, rest + alpha * second)


@with_derivatives(
    lambda x, alpha: _generalized_logistic_slope(x, alpha) * (alpha * sigmoid(-x) - sigmoid(x)),
    lambda x, alpha: (
        _generalized_logistic_slope(x, alpha) * (1 / alpha + log_sigmoid(bounded(x, 1e4)))
    ),
)
def _generalized_logistic_slope(x, alpha):
    # alpha f(x) sigmoid(-x), both factors lifted
    value = lifted_sigmoid_power(x, alpha)
    decay = lifted_exponential(-jnp.abs(x))
    complement = jnp.where(x > 0, decay, 2.0**LIFT) / (1 + unlift(decay))
    return unlift(unlift((alpha * value) * complement))


def _generalized_logistic_by_alpha(x, alpha):
    log_s = log_sigmoid(bounded(x, 1e4))
    return exponential(alpha * log_s) * log_s


@with_derivatives(_generalized_logistic_slope, _generalized_logistic_by_alpha)
def generalized_logistic(x: jax.Array, alpha: jax.Array) -> jax.Array:
    """sigmoid(x)^alpha."""
    return unlift(lifted_sigmoid_power(x, alpha))


def _aria2_slope(x, alpha, beta):
    # sigmoid(u)^alpha (1 + alpha u sigmoid(-u)), where far left 1 + alpha u is to lose no digits
    u = bounded(scaled(beta, x), 1e30)
    e = unlift(lifted_exponential(-jnp.abs(u)))
    s, v = e / (1 + e), alpha * u
    steepness = (1 + jnp.where(u < 0, v, 0)) + jnp.where(u < 0, -v, v) * s
    return unlift(lifted_sigmoid_power(u, alpha) * steepness)


def _aria2_by_alpha(x, alpha, beta):
    x, u = bounded(x, 1e25), bounded(scaled(beta, x), 1e30)
    return unlift(x * lifted_sigmoid_power(u, alpha) * log_sigmoid(u))


def _aria2_by_beta(x, alpha, beta):
    x, u = bounded(x, 1e25), bounded(scaled(beta, x), 1e30)
    return unlift((x * lifted_sigmoid_power(u, alpha)) * (alpha * x * sigmoid(-u)))


@with_derivatives(_aria2_slope, _aria2_by_alpha, _aria2_by_beta)
def aria2(x: jax.Array, alpha: jax.Array, beta: jax.Array) -> jax.Array:
    """x sigmoid(beta x)^alpha."""
    u = bounded(scaled(beta, x), 1e30)
    return _gated(jnp.where(u < 0, bounded(x), x), lifted_sigmoid_power(u, alpha))


def _binary_entropy(x):
    """softplus(x) - x sigmoid(x): the entropy of a coin that falls heads with sigmoid(x)."""
    a = jnp.abs(bounded(x, 1e4))
    e = jnp.exp(-a)
    return log1p_within_one(e) + a * (e / (1 + e))


@with_derivatives(
    lambda x, beta: sigmoid(beta * x),
    lambda x, beta: -_binary_entropy(beta * x) / jnp.square(beta),
)
def softplus(x: jax.Array, beta: jax.Array) -> jax.Array:
    """log(1 + exp(beta x)) / beta."""
    # in the order in which a large beta overflows nothing
    return jnp.maximum(x, 0) + log1p_within_one(exponential(-jnp.abs(beta * x))) / beta


def _soft_clipping_parts(x, alpha):
    # f(1 - x) = 1 - f(x), so all is computed at y = min(x, 1 - x) <= 1/2
    y = jnp.minimum(x, 1 - x)
    u = alpha * y
    return u, lifted_exponential(-jnp.abs(u)), 1 + exponential(u - alpha)


@with_derivatives(
    lambda x, alpha: (
        -alpha * _soft_clipping_slope(x, alpha) * (sigmoid(alpha * x) - sigmoid(alpha * (1 - x)))
    ),
    lambda x, alpha: x * sigmoid_slope(alpha * x) - (x - 1) * sigmoid_slope(alpha * (x - 1)),
)
def _soft_clipping_slope(x, alpha):
    u, lifted, denominator = _soft_clipping_parts(x, alpha)
    numerator = jnp.where(u < 0, lifted, 2.0**LIFT) * -decay_minus_one(-alpha)
    return unlift(numerator / ((1 + unlift(lifted)) * denominator))


def _soft_clipping_by_alpha(x, alpha):
    difference = _binary_entropy(alpha * (x - 1)) - _binary_entropy(alpha * x)
    return difference / jnp.square(alpha)


@with_derivatives(_soft_clipping_slope, _soft_clipping_by_alpha)
def soft_clipping(x: jax.Array, alpha: jax.Array) -> jax.Array:
    """log((1 + exp(alpha x)) / (1 + exp(alpha (x - 1)))) / alpha."""
    # (1 + e^u) / (1 + e^(u - alpha)) = e^max(u, 0) (1 + z)
    u, lifted, denominator = _soft_clipping_parts(x, alpha)
    z = lifted * (-decay_minus_one(jnp.maximum(2 * u, 0) - alpha) / denominator)
    above = jnp.maximum(u, 0) + unlift(z) * log1p_over(unlift(z))
    below = unlift(z * log1p_over(unlift(z)) / alpha)
    value = jnp.where(u < 0, below, above / alpha)
    return jnp.where(x > 0.5, 1 - value, value)
