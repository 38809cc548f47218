"""Ratios of polynomials that neither overflow nor cancel."""

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.kernels.arithmetic import bounded, polynomial, upper_half
from acts_jax.kernels.derivatives import with_derivatives


@with_derivatives(lambda x: -2 * lax.sign(x) * _softsign_slope(x) / (1 + jnp.abs(x)))
def _softsign_slope(x):
    return 1 / jnp.square(1 + jnp.abs(x))


@with_derivatives(_softsign_slope)
def softsign(x: jax.Array) -> jax.Array:
    """x / (1 + abs(x))."""
    x = bounded(x)
    return x / (1 + jnp.abs(x))


def _careful_polynomial(coefficients, t):
    # result + rest in twice the digits, since the terms cancel
    t_upper, highest = upper_half(t), coefficients[-1]
    result, rest = upper_half(highest), highest - upper_half(highest)
    for coefficient in coefficients[-2::-1]:
        product, small = result * t_upper, result * (t - t_upper) + rest * t
        result = upper_half(product + coefficient + small)
        rest = ((coefficient - result) + product) + small
    return result + rest


def _rational_parts(x, p0, p1, p2, p3, q1, q2):
    # P / Q = scale * numerator / denominator, in t = x or, for abs(x) > 1, t = 1/x
    outside = jnp.abs(x) > 1
    t = jnp.where(outside, 1 / jnp.where(outside, x, 1), x)
    pairs = ((p0, p3), (p1, p2), (p2, p1), (p3, p0))
    coefficients = [jnp.where(outside, far, near) for near, far in pairs]
    bend = jnp.where(outside, q1 * t + q2, t * (q2 * t + q1))
    denominator = jnp.abs(bend) + jnp.where(outside, jnp.square(t), 1)
    return outside, t, coefficients, denominator, jnp.where(bend < 0, -1, 1)


def _rational_jet(x, p0, p1, p2, p3, q1, q2):
    outside, t, c, denominator, sign = _rational_parts(x, p0, p1, p2, p3, q1, q2)
    numerator, by_t = polynomial(c, t), polynomial((c[1], 2 * c[2], 3 * c[3]), t)
    denominator_by_t = jnp.where(outside, 2 * t + sign * q1, sign * (q1 + 2 * q2 * t))
    ratio = numerator / denominator
    ratio_by_t = (by_t - denominator_by_t * ratio) / denominator
    # f = ratio or, for abs(x) > 1, x ratio, where dt/dx = -t^2
    return jnp.where(outside, ratio - t * ratio_by_t, ratio_by_t), ratio, ratio_by_t


def _rational_curvature(x, p0, p1, p2, p3, q1, q2):
    outside, t, _, denominator, sign = _rational_parts(x, p0, p1, p2, p3, q1, q2)
    _, ratio, ratio_by_t = _rational_jet(x, p0, p1, p2, p3, q1, q2)
    twice = jnp.where(outside, 2 * p1 + 6 * p0 * t, 2 * p2 + 6 * p3 * t)
    denominator_by_t = jnp.where(outside, 2 * t + sign * q1, sign * (q1 + 2 * q2 * t))
    denominator_twice = jnp.where(outside, 2, 2 * sign * q2)
    second = (twice - 2 * denominator_by_t * ratio_by_t - denominator_twice * ratio) / denominator
    return jnp.where(outside, t * t * t, 1) * second


def _rational_slope_by(i):
    """The partial of the slope by the ith argument, by autodiff."""

    def partial(*arguments):
        def moved(value):
            return _rational_jet(*arguments[:i], value, *arguments[i + 1 :])[0]

        return jax.jvp(moved, (arguments[i],), (jnp.ones_like(arguments[i]),))[1]

    return partial


# f'' in closed form, since autodiff of f' cancels far from 0
@with_derivatives(_rational_curvature, *map(_rational_slope_by, range(1, 7)))
def _rational_slope(x, *coefficients):
    return _rational_jet(x, *coefficients)[0]


def _rational_by(power, denominator_too):
    """The partial by a coefficient of x^power in P or Q."""

    def partial(x, *coefficients):
        outside, t, c, denominator, sign = _rational_parts(x, *coefficients)
        far = jnp.where(outside, x, 1)
        weight = jnp.where(outside, far ** (power - 2), t**power) / denominator
        if not denominator_too:
            return weight
        return -sign * (weight * far) * (polynomial(c, t) / denominator)

    return partial


@with_derivatives(
    _rational_slope,
    *(_rational_by(power, False) for power in range(4)),
    *(_rational_by(power, True) for power in (1, 2)),
)
def rational(x: jax.Array, *coefficients: jax.Array) -> jax.Array:
    """(p0 + p1 x + p2 x^2 + p3 x^3) / (1 + abs(q1 x + q2 x^2)) for p0, ..., p3, q1, q2."""
    outside, t, c, denominator, _ = _rational_parts(x, *coefficients)
    return jnp.where(outside, x, 1) * (_careful_polynomial(c, t) / denominator)
