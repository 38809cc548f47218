"""Activations of roots, ratios and logarithms, without an exponential."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.numerics import (
    bounded,
    elementwise,
    keep_nan,
    partials_of,
    upper_half,
    with_derivatives,
)


def _inverse(x, outside):
    return 1 / jnp.where(outside, x, 1)


def _inverse_root(x, alpha):
    """1 / sqrt(1 + alpha x^2); for abs(x) > 1 from 1/x, whose square does not overflow."""
    outside = jnp.abs(x) > 1
    r = jnp.where(outside, jnp.abs(_inverse(x, outside)), 1)
    return r / _scaled_root(x, alpha)


def _scaled_root(x, alpha):
    # sqrt(1 + alpha x^2), divided by abs(x) for abs(x) > 1
    outside = jnp.abs(x) > 1
    r = jnp.where(outside, _inverse(x, outside), x)
    square = jnp.square(r)
    return jnp.sqrt(jnp.where(outside, square + alpha, 1 + alpha * square))


def _root_unit(x, alpha):
    """X / sqrt(1 + alpha x^2)."""
    return jnp.where(jnp.abs(x) > 1, lax.sign(x), x) / _scaled_root(x, alpha)


@with_derivatives(
    lambda x, alpha: -3 * alpha * _root_unit(x, alpha) * _inverse_root(x, alpha) ** 4,
    lambda x, alpha: -1.5 * _root_unit(x, alpha) ** 2 * _inverse_root(x, alpha) ** 3,
)
def _isru_slope(x, alpha):
    square = 1 + (alpha * x) * x
    return 1 / (square * jnp.sqrt(square))


def _isru_by_alpha(x, alpha):
    return -0.5 * _root_unit(x, alpha) ** 3


@register(
    family="radical",
    parameters={"alpha": Parameter(1.0, low=0, closed="neither")},
    range=(-1, 1),
    formula=r"\frac{x}{\sqrt{1 + \alpha x^2}}",
    reference="Carlile, Delamarter, Kinney, Marti, Whitney 2017, arXiv:1710.09967",
)
@elementwise(_isru_slope, _isru_by_alpha)
def isru(x: jax.Array, alpha: jax.Array | float = 1.0) -> jax.Array:
    r"""Inverse square root unit, a sigmoid between -1/sqrt(alpha) and 1/sqrt(alpha).

    .. math::
        f(x) = \frac{x}{\sqrt{1 + \alpha x^2}}, \qquad f'(x) = (1 + \alpha x^2)^{-3/2}

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.

    Raises:
        ValueError: if alpha is a plain number and not above 0.
    """
    return _root_unit(x, alpha)


@register(
    family="radical",
    parameters={"alpha": Parameter(1.0, low=0, closed="neither")},
    range=(-1, math.inf),
    formula=r"\begin{cases} x, & x \ge 0 \\ \frac{x}{\sqrt{1 + \alpha x^2}}, & x < 0 \end{cases}",
    reference="Carlile, Delamarter, Kinney, Marti, Whitney 2017, arXiv:1710.09967",
)
@elementwise(
    lambda x, alpha: jnp.where(x < 0, _isru_slope(x, alpha), keep_nan(jnp.ones_like(x), x)),
    lambda x, alpha: _isru_by_alpha(jnp.minimum(x, 0), alpha),
)
def isrlu(x: jax.Array, alpha: jax.Array | float = 1.0) -> jax.Array:
    r"""Inverse square root linear unit: like `elu`, without an exponential.

    .. math::
        f(x) = \begin{cases} x, & x \ge 0 \\ \frac{x}{\sqrt{1 + \alpha x^2}}, & x < 0 \end{cases}

    It is twice continuously differentiable; the derivative at 0 is 1.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        alpha: above 0; broadcasts against x.

    Returns:
        Values above -1/sqrt(alpha), in x's dtype.

    Raises:
        ValueError: if alpha is a plain number and not above 0.
    """
    return jnp.where(x < 0, _root_unit(x, alpha), x)


def _unit_root(x):
    # sqrt(1 + x^2); beyond 1e18 it serves only in ratios that have reached their limit
    return jnp.sqrt(1 + jnp.square(x))


@with_derivatives(lambda x: 0.5 / _unit_root(bounded(x, 1e12)) ** 3)
def _bent_identity_slope(x):
    x = bounded(x, 1e18)
    return 1 + 0.5 * (x / _unit_root(x))


@register(
    family="radical",
    formula=r"\frac{\sqrt{x^2 + 1} - 1}{2} + x",
)
@elementwise(_bent_identity_slope)
def bent_identity(x: jax.Array) -> jax.Array:
    r"""Bent identity, of slope 1/2 far left and 3/2 far right.

    .. math::
        f(x) = \frac{\sqrt{x^2 + 1} - 1}{2} + x

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        x's dtype and shape.
    """
    inside = bounded(x, 1e18)
    return x * (1 + 0.5 * (inside / (1 + _unit_root(inside))))


def _squareplus_root(x, b):
    # sqrt(x^2 + b), whose square would overflow for large x, and not 0 if x = b = 0
    a = jnp.abs(x)
    return a, jnp.where(a > 1e15, a, jnp.sqrt(jnp.square(x) + _nonzero(b)))


def _nonzero(x):
    return jnp.maximum(x, jnp.finfo(x.dtype).tiny)


def _squareplus_slope(x, b):
    # (1 + x / root) / 2 is (b / 2) / (root (root - x)) for x < 0; 0 if x = b = 0
    a = jnp.minimum(jnp.abs(x), 1.8e19 if x.dtype == jnp.float32 else 1e150)
    square = jnp.square(a) + _nonzero(b)
    small = 0.5 * b / (square + a * jnp.sqrt(square))
    return jnp.where(x <= 0, small, 1 - small)


def _squareplus_curvature(x, b):
    x = bounded(x, 1e12)
    return 0.5 * b / _nonzero(_squareplus_root(x, b)[1] ** 3)


def _squareplus_by_b(x, b):
    _, root = _squareplus_root(x, b)
    return 0.25 / jnp.where((x == 0) & (b == 0), 1, root)


@register(
    family="radical",
    parameters={"b": Parameter(4.0, low=0)},
    range=(0, math.inf),
    formula=r"\frac{x + \sqrt{x^2 + b}}{2}",
    reference="Barron 2021, arXiv:2112.11687",
)
@elementwise(
    with_derivatives(
        _squareplus_curvature,
        lambda x, b: -0.25 * x / _nonzero(_squareplus_root(bounded(x, 1e12), b)[1] ** 3),
    )(_squareplus_slope),
    _squareplus_by_b,
)
def squareplus(x: jax.Array, b: jax.Array | float = 4.0) -> jax.Array:
    r"""Squareplus, a softplus of one square root.

    .. math::
        f(x) = \frac{x + \sqrt{x^2 + b}}{2}

    With b = 0 it is ReLU, and the derivative at 0 is taken to be 0. b is 4 in `jax.nn` and Keras 3,
    too.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        b: the size of the bend, 0 or more; broadcasts against x.

    Returns:
        Values in [0, inf), in x's dtype.

    Raises:
        ValueError: if b is a plain number below 0.
    """
    a, root = _squareplus_root(x, b)
    return jnp.maximum(x, 0) + 0.5 * b / (root + a)


@register(
    family="radical",
    formula=r"\operatorname{sign}(x) \log(1 + |x|)",
    reference="Hafner, Pasukonis, Ba, Lillicrap 2023, arXiv:2301.04104",
    aliases=("log_modulus",),
)
@elementwise(
    with_derivatives(lambda x: -lax.sign(x) / jnp.square(1 + jnp.abs(x)))(
        lambda x: 1 / (1 + jnp.abs(x))
    )
)
def symlog(x: jax.Array) -> jax.Array:
    r"""Symmetric logarithm: the identity near 0, a logarithm far away.

    .. math::
        f(x) = \operatorname{sign}(x) \log(1 + |x|), \qquad f'(x) = \frac{1}{1 + |x|}

    The derivative is continuous; the second jumps at 0, where it is taken to be 0.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        x's dtype and shape.
    """
    magnitude = jnp.log1p(jnp.abs(x))
    return jnp.where(x < 0, -magnitude, jnp.where(x == 0, x, magnitude))


def _horner(coefficients, t):
    result = coefficients[0]
    for coefficient in coefficients[1:]:
        result = result * t + coefficient
    return result


def _careful_horner(coefficients, t):
    # result + rest in twice the digits, since the terms cancel
    t_upper = upper_half(t)
    result, rest = upper_half(coefficients[0]), coefficients[0] - upper_half(coefficients[0])
    for coefficient in coefficients[1:]:
        product, small = result * t_upper, result * (t - t_upper) + rest * t
        result = upper_half(product + coefficient + small)
        rest = ((coefficient - result) + product) + small
    return result + rest


def _rational_parts(x, p0, p1, p2, p3, q1, q2):
    # P / Q = scale * numerator / denominator, in t = x or, for abs(x) > 1, t = 1/x
    outside = jnp.abs(x) > 1
    t = jnp.where(outside, _inverse(x, outside), x)
    pairs = ((p0, p3), (p1, p2), (p2, p1), (p3, p0))
    coefficients = [jnp.where(outside, far, near) for far, near in pairs]
    bend = jnp.where(outside, q1 * t + q2, t * (q2 * t + q1))
    denominator = jnp.abs(bend) + jnp.where(outside, jnp.square(t), 1)
    return outside, t, coefficients, denominator, jnp.where(bend < 0, -1, 1)


def _rational_jet(x, p0, p1, p2, p3, q1, q2):
    outside, t, c, denominator, sign = _rational_parts(x, p0, p1, p2, p3, q1, q2)
    numerator, by_t = _horner(c, t), _horner((3 * c[0], 2 * c[1], c[2]), t)
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


def _rational_slope(x, p0, p1, p2, p3, q1, q2):
    return _rational_jet(x, p0, p1, p2, p3, q1, q2)[0]


# f'' in closed form, since autodiff of f' cancels far from 0; the mixed derivatives by autodiff
_rational_slope = with_derivatives(
    _rational_curvature, *partials_of(_rational_slope, lambda *_: 1.0)[1:]
)(_rational_slope)


def _rational_by(power, denominator_too):
    """The partial by a coefficient of x^power in P or Q."""

    def partial(x, *coefficients):
        outside, t, c, denominator, sign = _rational_parts(x, *coefficients)
        far = jnp.where(outside, x, 1)
        weight = jnp.where(outside, far ** (power - 2), t**power) / denominator
        if not denominator_too:
            return weight
        return -sign * (weight * far) * (_horner(c, t) / denominator)

    return partial


@register(
    family="radical",
    learned=("p0", "p1", "p2", "p3", "q1", "q2"),
    formula=r"\frac{p_0 + p_1 x + p_2 x^2 + p_3 x^3}{1 + |q_1 x + q_2 x^2|}",
    reference=(
        "Molina, Schramowski, Kersting 2019, arXiv:1907.06732; "
        "Boulle, Nakatsukasa, Townsend 2020, arXiv:2004.01902"
    ),
    aliases=("pade",),
)
@elementwise(
    _rational_slope,
    _rational_by(0, False),
    _rational_by(1, False),
    _rational_by(2, False),
    _rational_by(3, False),
    _rational_by(1, True),
    _rational_by(2, True),
)
def rational(
    x: jax.Array,
    p0: jax.Array | float = 0.0218,
    p1: jax.Array | float = 0.5,
    p2: jax.Array | float = 1.5957,
    p3: jax.Array | float = 1.1915,
    q1: jax.Array | float = 0.0,
    q2: jax.Array | float = 2.383,
) -> jax.Array:
    r"""Rational function of type (3, 2), a Padé unit, whose coefficients the network learns.

    .. math::
        f(x) = \frac{p_0 + p_1 x + p_2 x^2 + p_3 x^3}{1 + |q_1 x + q_2 x^2|}

    The denominator is at least 1, as in the safe form of Molina et al.; the coefficients start
    at Boullé's approximation of ReLU. With q1 not 0 there are kinks where q1 x + q2 x^2 = 0,
    and the derivative is the one of the positive sign there.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        p0: any number; broadcasts against x.
        p1: any number; broadcasts against x.
        p2: any number; broadcasts against x.
        p3: any number; broadcasts against x.
        q1: any number; broadcasts against x.
        q2: any number; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    outside, t, c, denominator, _ = _rational_parts(x, p0, p1, p2, p3, q1, q2)
    return jnp.where(outside, x, 1) * (_careful_horner(c, t) / denominator)
