"""Sine, cosine and arctan that are vectorised: on a CPU ten times faster than jax's."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.kernels.arithmetic import bounded, polynomial
from acts_jax.kernels.derivatives import with_derivatives

# Minimax on [-pi/4, pi/4] in r^2: (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4.
_SINE = (-0.166666667, 0.00833333187, -0.00019840082, 2.72493141e-06)
_COSINE = (0.0416666667, -0.00138888877, 2.48005964e-05, -2.73004487e-07)
# Minimax on the same interval: (sin(r)^2 / r^2 - 1) / r^2, relative error of the square 9e-10.
_SINE_SQUARED = (-0.333333289, 0.0444437598, -0.00317129516, 0.000134743799)
# pi/2 in parts of 11 bits, whose products with whole numbers below 2^13 are exact
_QUARTER_TURN = (1.5703125, 0.0004837512969970703125, 7.549790126404332e-08)
_LIMIT = 8192.0
# arctan(z) / z in z^2 on [0, 1], relative error 2.4e-9
_ARCTAN = (
    0.999999998, -0.333332836, 0.19998266, -0.142619331, 0.109420305,
    -0.0837731501, 0.0575520943, -0.0308045892, 0.0107269398, -0.00175392918,
)  # fmt: skip


def _reduced(x):
    turns = jnp.round(x * 0.6366197723675814)
    r = x
    for part in _QUARTER_TURN:
        r = r - turns * part
    z = jnp.square(r)
    sine = r + r * z * polynomial(_SINE, z)
    cosine = 1 - 0.5 * z + jnp.square(z) * polynomial(_COSINE, z)
    quarter = turns.astype(jnp.int32)
    odd = (quarter & 1) == 1
    first, second = jnp.where(odd, cosine, sine), jnp.where(odd, sine, cosine)
    return (
        jnp.where(quarter & 2 == 2, -first, first),
        jnp.where((quarter + 1) & 2 == 2, -second, second),
    )


def _fast(value, careful, x, frequency=1.0):
    # value(x) for float32, but careful(x) where the angle frequency * x is large: a loop of one
    # round or none, which unlike a `lax.cond` leaves computing the value to all cores, and needs no
    # rule for vmap
    if x.dtype != jnp.float32:
        return careful(x)

    def large():
        return jnp.abs(frequency * x) >= _LIMIT

    def repair(state):
        return False, jnp.where(large(), careful(x), state[1])

    return lax.while_loop(lambda state: state[0], repair, (jnp.any(large()), value(x)))[1]


@with_derivatives(lambda x: cosine(x))
def sine(x: jax.Array) -> jax.Array:
    """sin(x) for a float array."""
    return _fast(lambda x: _reduced(x)[0], lax.sin, x)


@with_derivatives(lambda x: -sine(x))
def cosine(x: jax.Array) -> jax.Array:
    """cos(x) for a float array."""
    return _fast(lambda x: _reduced(x)[1], lax.cos, x)


@with_derivatives(
    lambda x, frequency: frequency * cosine(frequency * x),
    lambda x, frequency: x * cosine(frequency * x),
)
def sine_of_multiple(x: jax.Array, frequency: jax.Array) -> jax.Array:
    """sin(frequency x)."""
    return sine(frequency * x)


def _squared_sine(x, eighths=0):
    # (odd, s) with sin(x + eighths * pi / 4)^2 = s, or 1 - s where odd; s is at most 1/2
    turns = jnp.round(x * 0.6366197723675814 + 0.5 * eighths)
    for part in _QUARTER_TURN:
        x = x - (turns - 0.5 * eighths) * part
    z = jnp.square(x)
    return turns.astype(jnp.int32) & 1 == 1, z + z * (z * polynomial(_SINE_SQUARED, z))


@with_derivatives(lambda x: 2 * (jnp.square(cosine(x)) - jnp.square(sine(x))))
def _one_plus_sine_of_double(x):
    """1 + sin(2 x) = 2 sin(x + pi / 4)^2, which does not cancel where it is near 0."""

    def value(x):
        odd, s = _squared_sine(x, 1)
        return 2 * jnp.where(odd, 1 - s, s)

    return _fast(value, lambda x: jnp.square(lax.sin(x) + lax.cos(x)), x)


def _snake_by_frequency(x, frequency):
    u = frequency * x
    s = sine(u)
    return s / frequency * (2 * x * cosine(u) - s / frequency)


@with_derivatives(lambda x, frequency: _one_plus_sine_of_double(frequency * x), _snake_by_frequency)
def snake(x: jax.Array, frequency: jax.Array) -> jax.Array:
    """x + sin(frequency x)^2 / frequency."""

    def value(x):
        odd, s = _squared_sine(frequency * x)
        # x + 1 / frequency is exact where it is small: there rounding 1 - s would show
        return (x + jnp.where(odd, 1 / frequency, 0)) + jnp.where(odd, -s, s) / frequency

    def careful(x):
        return x + jnp.square(lax.sin(bounded(frequency * x))) / frequency

    return _fast(value, careful, x, frequency)


@with_derivatives(lambda x: -2 * sine(x) - x * cosine(x))
def _gcu_slope(x):
    """cos(x) - x sin(x)."""

    def value(x):
        s, c = _reduced(x)
        return c - x * s

    return _fast(value, lambda x: lax.cos(x) - x * lax.sin(x), x)


@with_derivatives(_gcu_slope)
def gcu(x: jax.Array) -> jax.Array:
    """x cos(x)."""
    return _fast(lambda x: x * _reduced(x)[1], lambda x: x * lax.cos(x), x)


def arctan_within_one(z: jax.Array) -> jax.Array:
    """arctan(z) for |z| <= 1: vectorised, ten times faster than `jnp.arctan` on a CPU."""
    if z.dtype == jnp.float64:
        return lax.atan(z)
    return z * polynomial(_ARCTAN, z * z)


@with_derivatives(lambda x: -2 * (bounded(x) * _arctan_slope(x)) * _arctan_slope(x))
def _arctan_slope(x):
    return 1 / (1 + jnp.square(x))


@with_derivatives(_arctan_slope)
def arctan(x: jax.Array) -> jax.Array:
    """arctan(x)."""
    outside = jnp.abs(x) > 1
    inner = arctan_within_one(jnp.where(outside, 1 / x, x))
    return jnp.where(outside, jnp.where(x > 0, math.pi / 2, -math.pi / 2) - inner, inner)
