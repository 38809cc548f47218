"""Exponentials and powers: accurate in the tails, and faster than XLA's."""

import functools
import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.numerics import bounded, polynomial, upper_half, with_derivatives

# Minimax polynomials for float32, lowest degree first:
# (exp(r) - 1 - r) / r^2 in r for abs(r) <= log(2) / 2, relative error of exp 5e-9;
_EXP = (0.499999934, 0.166665206, 0.0416683881, 0.00836871734, 0.00138145941)
_EXP2 = tuple(math.log(2) ** i * c for i, c in enumerate((1, 1, *_EXP)))
# log(2), its part whose products with whole numbers below 2^9 are exact, and the rest;
_LOG2, LOG2_SHORT, LOG2_REST = 0.6931471805599453, 0.693359375, -0.00021219444005469057
# 2 artanh(s) / (s log(2)) in s^2 for abs(s) <= 0.1716, relative error 7e-10.
_LOG2_RATIO = (2.88539008, 0.96179886, 0.576713085, 0.431768636)


def lifted_exp(exponent: jax.Array, lift: int = 0) -> jax.Array:
    """2^lift exp(exponent) within an ULP; on a CPU twice as fast as `jnp.exp`.

    The lift keeps normal what exp would flush to 0, until factors have made it larger.

    Args:
        exponent: such that the result does not overflow; -inf gives 0.
        lift: 16 or more is undone by a factor 2.0**-lift.
    """
    return _lifted_exp(lift)(exponent)


@functools.cache
def _lifted_exp(lift):
    @with_derivatives(lambda exponent: lifted_exp(exponent, lift))
    def exp(exponent):
        if exponent.dtype == jnp.float64:
            deep = exponent < -600  # a lift of 32 or less in the exponent would cost digits
            return jnp.exp(jnp.where(deep, exponent + 64, exponent)) * jnp.where(
                deep, 2.0**lift * math.exp(-64), 2.0**lift
            )
        inside = jnp.maximum(exponent, (-127.0 - lift) * _LOG2)
        fraction, whole = _exp_parts(inside, 127 + lift)
        return fraction * _whole_power_of_two(whole + lift)

    return exp


def lifted_decay(x: jax.Array, rate: float, lift: int = 0) -> jax.Array:
    """2^lift exp(-rate * abs(x)), cheaper than `lifted_exp`; not differentiable."""
    if x.dtype == jnp.float64:
        return lifted_exp(-rate * jnp.abs(x), lift)
    log2 = _LOG2 / rate
    x = jnp.maximum(-jnp.abs(x), (-127.0 - lift) * log2)
    whole = _nearest(x * (1 / log2), 127 + lift)
    turns, short = whole.astype(jnp.float32), round(512 * log2) / 512
    r = (x - turns * short) - turns * (log2 - short)
    series = [rate**i * c for i, c in enumerate((1, 1, *_EXP))]
    return polynomial(series, r) * _whole_power_of_two(whole + lift)


def exp_of_sum(coarse: jax.Array, fine: jax.Array, lift: int = 0) -> jax.Array:
    """2^lift exp(coarse + fine), of which rounding the sum costs no digits; at most 2^lift.

    Args:
        coarse: 0, or larger than fine in size; both are finite.
        fine: of any sign.
        lift: as for `lifted_exp`.
    """
    exponent = coarse + fine
    e = lifted_exp(exponent, lift)
    # a division, since XLA does not compute one twice where both f and f' need it
    return e / (1 - ((coarse - exponent) + fine))


@with_derivatives(lifted_exp)
def decay_minus_one(x: jax.Array) -> jax.Array:
    """exp(x) - 1 for x <= 0."""
    if x.dtype == jnp.float64:
        return jnp.expm1(x)
    near = jnp.maximum(x, -0.5 * _LOG2)
    near = near + near * (near * polynomial(_EXP, near))
    return jnp.where(x < -0.5 * _LOG2, lifted_exp(x) - 1, near)


def sigmoid_lifted(x: jax.Array) -> jax.Array:
    """2^40 sigmoid(x), which is exactly 0 for x < -117, for float64 for x < -737."""
    return _sigmoid_lifted(x, 168)[0]


def sigmoids_lifted(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """2^40 sigmoid(x) and sigmoid(-x)."""
    s, e = _sigmoid_lifted(x, 167)
    return s, e * s


def unlift(x: jax.Array) -> jax.Array:
    """Undo the 2^40 of the above."""
    return x * 2.0**-40


def _sigmoid_lifted(x, largest):
    # with e = 2^-40 exp(-x), clamped between 0 and 2^largest, of which 2^128 is infinite
    if x.dtype == jnp.float64:
        rise = lax.clamp(-700.0, -x, 736.0 if largest < 168 else 800.0)
        far = rise > 600  # the 2^-40 in the exponent would cost digits
        unit = jnp.where(far, 2.0**-40 * math.exp(64), 2.0**-40)
        e = jnp.exp(jnp.where(far, rise - 64, rise)) * unit
        return 1 / (2.0**-40 + e), e
    low, high = jnp.float32(-87 * _LOG2), jnp.float32(largest * _LOG2)
    fraction, whole = _exp_parts(lax.clamp(low, -x, high), 127 - 40)
    e = fraction * _whole_power_of_two(whole - 40)
    return 1 / (2.0**-40 + e), e


def power_of_two(coarse: jax.Array, fine: jax.Array, lift: int = 0) -> jax.Array:
    """2^(coarse + fine + lift) for float32, below 2^128: the sum loses no digits of fine.

    Not differentiable.
    """
    whole = _nearest(jnp.maximum(coarse + fine, -127.0 - lift), 127 + lift)
    rest = jnp.maximum((coarse - whole.astype(jnp.float32)) + fine, -1)
    return polynomial(_EXP2, rest) * _whole_power_of_two(whole + lift)


def small_power_of_two(exponent: jax.Array, lift: int) -> jax.Array:
    """2^(exponent + lift) for float32 and exponents between -127 and 127: half of `lifted_exp`.

    At the lower end it is 0. Not differentiable.
    """
    whole = _nearest(exponent, 127 + lift)
    fraction = polynomial(_EXP2, exponent - whole.astype(jnp.float32))
    return fraction * _whole_power_of_two(whole + lift)


def _exp_parts(x, bias=0):
    # exp(x) = fraction * 2^whole
    whole = _nearest(x * (1 / _LOG2), bias)
    turns = whole.astype(jnp.float32)
    return _exp_near_zero((x - turns * LOG2_SHORT) - turns * LOG2_REST), whole


def _nearest(x, bias=0):
    # Adding 1.5 * 2^23 leaves the nearest whole number in the last bits; with a bias of 127 + n,
    # `_whole_power_of_two` of the result + n has nothing left to add.
    return lax.bitcast_convert_type(x + (12582912.0 + bias), jnp.int32) - (0x4B400000 + bias)


def _exp_near_zero(r):
    return 1 + (r + r * (r * polynomial(_EXP, r)))


def _whole_power_of_two(n):
    """2^n for -127 <= n <= 127, of which 2^-127 is 0."""
    return lax.bitcast_convert_type((n + 127) << 23, jnp.float32)


@with_derivatives(lambda x: deep_sigmoid_slope(x))
def deep_sigmoid(x: jax.Array) -> jax.Array:
    """Sigmoid(x) / `deep_unit`(x), which does not flush to 0 before x = -103."""
    e = _deep_decay(x)
    return jnp.where(x < 0, e, 1) / (1 + e)


@with_derivatives(lambda x: -deep_sigmoid_slope(x) * lax.tanh(x / 2))
def deep_sigmoid_slope(x: jax.Array) -> jax.Array:
    """Sigmoid'(x) / `deep_unit`(x)."""
    e = _deep_decay(x)
    return e / jnp.square(1 + e)


def _deep_decay(x):
    return jnp.exp(jnp.where(x < -80, x + 16, -jnp.abs(x)))


def deep_unit(x: jax.Array) -> jax.Array:
    """The factor that keeps what is divided by it from flushing to 0: exp(-16) below -80."""
    return jnp.where(x < -80, math.exp(-16), 1.0)


@with_derivatives(
    lambda base, exponent: exponent * power(base, exponent - 1),
    lambda base, exponent: power(base, exponent) * jnp.log(base),
)
def power(base: jax.Array, exponent: jax.Array) -> jax.Array:
    """base ** exponent for base >= 0, within a few ULP; faster than `jnp.power` on a CPU."""
    if base.dtype == jnp.float64:
        return lax.pow(base, exponent)
    inside = (base > 0) & (base < jnp.inf)
    limit = jnp.where(exponent == 0, 1, jnp.where(exponent > 0, base, 1 / base))
    return jnp.where(inside, _power_float32(jnp.where(inside, base, 1), exponent), limit)


def power_within_one(base: jax.Array, exponent: jax.Array) -> jax.Array:
    """base ** exponent where that is in (0, 1], for positive finite base: half of `power`."""
    if base.dtype == jnp.float64:
        return lax.pow(base, exponent)
    return _power_within_one(base, exponent)


@with_derivatives(
    lambda base, exponent: exponent * power(base, exponent - 1),  # it underflows later
    lambda base, exponent: _power_within_one(base, exponent) * jnp.log(base),
)
def _power_within_one(base, exponent):
    return power_of_two(*_log2_of_power(base, exponent))


def _power_float32(base, exponent):
    coarse, fine = _log2_of_power(base, exponent)
    coarse, fine = bounded(coarse, 1e4), bounded(fine, 5e3)
    whole = _nearest(bounded(coarse + fine, 254))
    rest = bounded((coarse - whole.astype(jnp.float32)) + fine, 1)
    # Two factors, since 2^whole alone overflows before the result does.
    half = whole >> 1
    factors = _whole_power_of_two(half), _whole_power_of_two(whole - half)
    return _exp_near_zero(_LOG2 * rest) * factors[0] * factors[1]


def _log2_of_power(base, exponent):
    # base = mantissa * 2^scale with mantissa in [sqrt(1/2), sqrt(2)). Products with the upper
    # 12 bits of the exponent are exact, so that 2^(exponent * scale) loses no digits.
    bits = lax.bitcast_convert_type(base, jnp.int32) - 0x3F3504F3
    scale = (bits >> 23).astype(jnp.float32)
    mantissa = lax.bitcast_convert_type((bits & 0x7FFFFF) + 0x3F3504F3, jnp.float32)
    ratio = (mantissa - 1) / (mantissa + 1)
    log2_mantissa = ratio * polynomial(_LOG2_RATIO, jnp.square(ratio))
    upper = upper_half(exponent)
    return upper * scale, (exponent - upper) * scale + exponent * log2_mantissa
