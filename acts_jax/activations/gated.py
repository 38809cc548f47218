"""Gated activations x * gate(x): silu, swish, gelu, gelu_tanh, mish, hard_silu."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.catalogue import register
from acts_jax.activations.exponentials import (
    lifted_exp,
    sigmoid_lifted,
    sigmoids_lifted,
    small_power_of_two,
    unlift,
)
from acts_jax.activations.normal import normal_over, normal_slope, normal_tail
from acts_jax.activations.numerics import bounded, elementwise, keep_nan, scaled, with_derivatives
from acts_jax.activations.sigmoidal import sigmoid_slope

# Values and derivatives compute their exponentials anew: XLA would pass a common one through
# memory, which takes longer.


def _sigmoid_gated(x, u):
    """x * sigmoid(u) for finite x, or x = inf where u = inf."""
    s = sigmoid_lifted(u)
    # the order in which neither of the products leaves the range of normal numbers early
    return jnp.where(jnp.abs(x) > 1e15, x * unlift(s), unlift(x * s))


def _sigmoid_gated_slope(v, u):
    """sigmoid(u) (1 + v sigmoid(-u)): the derivative of x sigmoid(u) for v = x u'."""
    s, complement = sigmoids_lifted(u)
    return unlift(s * (1 + v * complement))


def _not_minus_infinity(x):
    return jnp.maximum(x, jnp.finfo(x.dtype).min)


@with_derivatives(lambda x: sigmoid_slope(x) * (2 - bounded(x) * lax.tanh(x / 2)))
def _silu_slope(x):
    x = bounded(x, 120 if x.dtype == jnp.float32 else 800)
    return _sigmoid_gated_slope(x, x)


@register(
    family="gated",
    range=(-0.2784645427610738, math.inf),
    formula=r"\frac{x}{1 + e^{-x}}",
    reference="Elfwing, Uchibe, Doya 2017, arXiv:1702.03118",
)
@elementwise(_silu_slope)
def silu(x: jax.Array) -> jax.Array:
    r"""Sigmoid linear unit; `swish` with beta = 1.

    .. math::
        f(x) = x \, \sigma(x) = \frac{x}{1 + e^{-x}}

    The minimum is -0.27846454 at x = -1.27846456, the largest slope 1.09983932 at 2.3993553.
    `jax.nn.silu(-inf)` is NaN; this gives the limit 0. `jax.nn`, flax and Keras call it swish,
    too; `swish` here has a sharpness besides.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.2784646, of x's shape.
    """
    return _sigmoid_gated(_not_minus_infinity(x), x)


def _swish_by_beta(x, beta):
    # x^2 sigmoid'(beta x)
    u = scaled(beta, x)
    e = jnp.exp(-jnp.abs(u))
    return bounded(x) * (bounded(x) * e) / jnp.square(1 + e)


@register(
    family="gated",
    learned=("beta",),
    range=(-0.2784645427610738, math.inf),
    formula=r"\frac{x}{1 + e^{-\beta x}}",
    reference="Ramachandran, Zoph, Le 2017, arXiv:1710.05941",
)
@elementwise(lambda x, beta: _silu_slope(scaled(beta, x)), _swish_by_beta)
def swish(x: jax.Array, beta: jax.Array | float = 1.0) -> jax.Array:
    r"""Swish: `silu` with a sharpness that the network learns.

    .. math::
        f(x) = x \, \sigma(\beta x)

    It is x/2 for beta = 0 and tends to ReLU as beta grows. In `jax.nn` and TensorFlow the
    name means `silu`, without beta.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        beta: any number; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    u = scaled(beta, x)
    return _sigmoid_gated(jnp.where(u >= 0, x, bounded(x)), u)


# 1 / sqrt(2 pi) = phi(0): a float32 and the rest, which rounding it would lose
_PHI_UPPER, _PHI_REST = 0.3989422917366028, -1.1335170105263179e-08


def gelu_slope_lifted(x: jax.Array) -> jax.Array:
    """The derivative of gelu at finite x; for x < 0 lifted: 2^16 times that."""
    # Phi(x) + x phi(x), with the factor exp(-x^2 / 2) taken out of both terms; on the negative
    # side, and mirrored, since f'(-x) = 1 - f'(x). Near 0 without the factor.
    a = jnp.abs(x)
    difference = (normal_tail(a) - _PHI_UPPER * a) - _PHI_REST * a
    q = difference * lifted_exp(-0.5 * jnp.square(a), 16)
    far = jnp.where(x < 0, q, 1 - 2.0**-16 * q)
    if x.dtype == jnp.float64:
        return far
    near = 0.5 + x * normal_slope(bounded(x, 1))
    return jnp.where(a < 1, near * jnp.where(x < 0, 2.0**16, 1.0), far)


def gelu_lifted(x: jax.Array) -> jax.Array:
    """gelu(x) for finite x; for x < 0 lifted: 2^16 times that."""
    a = jnp.abs(x)
    tail = normal_tail(a) * lifted_exp(-0.5 * jnp.square(a), 16)
    if x.dtype == jnp.float64:  # directly, where nothing is near to flushing to 0
        direct = 2.0**15 * lax.erfc(jnp.minimum(a, 20) * 0.7071067811865476)
        tail = jnp.where(a < 20, direct, tail)
    far = jnp.where(x < 0, -a * tail, x * (1 - 2.0**-16 * tail))
    if x.dtype == jnp.float64:
        return far
    near = 0.5 + x * normal_over(bounded(x, 1))
    return jnp.where(a < 1, x * near * jnp.where(x < 0, 2.0**16, 1.0), far)


def gelu_curvature(x: jax.Array) -> jax.Array:
    """The second derivative of gelu."""
    x = bounded(x, 1e4)
    return (2 - jnp.square(x)) / math.sqrt(2 * math.pi) * jnp.exp(-jnp.square(x) / 2)


@register(
    family="gated",
    range=(-0.16997120747990369, math.inf),
    formula=r"x \, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)",
    reference="Hendrycks & Gimpel 2016, arXiv:1606.08415",
)
@elementwise(
    with_derivatives(gelu_curvature)(
        lambda x: gelu_slope_lifted(bounded(x, 1e3)) * jnp.where(x < 0, 2.0**-16, 1.0)
    )
)
def gelu(x: jax.Array) -> jax.Array:
    r"""Gaussian error linear unit, exact.

    .. math::
        f(x) = x \, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)

    The minimum is -0.16997121 at x = -0.75179152. `jax.nn.gelu`, which flax re-exports,
    defaults to the tanh form, `gelu_tanh` here; PyTorch and Keras 3 default to this one.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.1699713, of x's shape.
    """
    inside = jnp.where(x < 0, bounded(x, 1e4), x)
    return gelu_lifted(inside) * jnp.where(x < 0, 2.0**-16, 1.0)


# f = x sigmoid(u) with u = sqrt(8 / pi) (x + 0.044715 x^3)
_TANH_GELU_SCALE = math.sqrt(8 / math.pi)


def _tanh_gelu_argument(x, scale=_TANH_GELU_SCALE):
    return x * (scale + (0.044715 * scale) * jnp.square(x))


def _tanh_gelu_decay(x):
    """2^-40 exp(-u) for float32 x between -10.5 and 6: beyond, only the limits remain."""
    return small_power_of_two(_tanh_gelu_argument(x, -_TANH_GELU_SCALE / math.log(2)), -40)


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
    x = lax.clamp(-30.0, x, 30.0) if double else lax.clamp(-10.5, x, 6.0)
    v = x * (_TANH_GELU_SCALE + (0.134145 * _TANH_GELU_SCALE) * jnp.square(x))
    if double:
        return _sigmoid_gated_slope(v, _tanh_gelu_argument(x))
    e = _tanh_gelu_decay(x)
    one_more = 2.0**-40 + e
    return (1 + v * (e / one_more)) / one_more * 2.0**-40


@register(
    family="gated",
    range=(-0.17004075057125412, math.inf),
    formula=r"\frac{x}{2} \left(1 + \tanh\left(\sqrt{2 / \pi} (x + 0.044715 x^3)\right)\right)",
    reference="Hendrycks & Gimpel 2016, arXiv:1606.08415",
)
@elementwise(_gelu_tanh_slope)
def gelu_tanh(x: jax.Array) -> jax.Array:
    r"""Gaussian error linear unit in its tanh form, within 4.74e-4 of `gelu`.

    .. math::
        f(x) = \frac{x}{2} \left(1 + \tanh\left(\sqrt{2 / \pi} (x + 0.044715 x^3)\right)\right)

    It is what `jax.nn.gelu` computes by default, PyTorch and Keras with `approximate`.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.1700408, of x's shape.
    """
    if x.dtype == jnp.float64:
        return _sigmoid_gated(_not_minus_infinity(x), _tanh_gelu_argument(x))
    inside = lax.clamp(-10.5, x, 6.0)
    return jnp.where(x > 6, x, inside / (2.0**-40 + _tanh_gelu_decay(inside)) * 2.0**-40)


def _mish_curvature(x):
    # f = x T, T = tanh(softplus(x)), S the sigmoid: f'' = T' (2 + x (1 - S - 2 T S))
    x = bounded(x, 1e4)
    e = lifted_exp(-jnp.abs(x))
    gate_slope = (4 * e) * (1 + e) / jnp.square(_mish_denominator(x, e))
    gate_slope = gate_slope * jnp.where(x < 0, 1, e)
    gate = _mish_numerator(x, e) / _mish_denominator(x, e)
    s = jnp.where(x < 0, e, 1) / (1 + e)
    return gate_slope * (2 + x * ((1 - s) - 2 * gate * s))


def _mish_numerator(x, e):
    return jnp.where(x < 0, e * (2 + e), 1 + 2 * e)


def _mish_denominator(x, e):
    return jnp.where(x < 0, 2 + e * (2 + e), 1 + 2 * e * (1 + e))


@with_derivatives(_mish_curvature)
def _mish_slope(x):
    a = jnp.abs(bounded(x, 1e4))
    lifted = lifted_exp(-a, 16)
    e = 2.0**-16 * lifted
    below = (4 * (1 - a) + e * (6 - 4 * a + e * (4 + e))) * lifted * 2.0**-16
    above = 1 + e * (4 + e * (6 + 4 * a + e * (4 * (1 + a))))
    # the square of the denominator, which is rounded once only when multiplied out
    left, right = 4 + e * (8 + e * (8 + e * (4 + e))), 1 + e * (4 + e * (8 + e * (8 + 4 * e)))
    return jnp.where(x < 0, below, above) / jnp.where(x < 0, left, right)


@register(
    family="gated",
    range=(-0.3088434130172801, math.inf),
    formula=r"x \tanh \log(1 + e^x)",
    reference="Misra 2019, arXiv:1908.08681",
)
@elementwise(_mish_slope)
def mish(x: jax.Array) -> jax.Array:
    r"""Mish.

    .. math::
        f(x) = x \tanh \log(1 + e^x)

    The minimum is -0.30884341 at x = -1.19243122.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.3088435, of x's shape.
    """
    lifted = lifted_exp(-jnp.abs(x), 16)
    e = 2.0**-16 * lifted
    numerator = jnp.where(x < 0, bounded(x) * lifted * (2 + e) * 2.0**-16, x * (1 + 2 * e))
    return numerator / _mish_denominator(x, e)


@register(
    family="gated",
    range=(-0.16361018963635358, math.inf),
    formula=r"\frac{x}{1 + e^{-1.702 x}}",
    reference="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    aliases=("gelu_sigmoid",),
)
@elementwise(lambda x: _silu_slope(1.702 * x))
def quick_gelu(x: jax.Array) -> jax.Array:
    r"""Sigmoid approximation of `gelu`, within 0.0204 of it; `swish` with beta = 1.702.

    .. math::
        f(x) = x \, \sigma(1.702 x) = \frac{x}{1 + e^{-1.702 x}}

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.16362, of x's shape.
    """
    return _sigmoid_gated(_not_minus_infinity(x), 1.702 * x)


@register(
    family="gated",
    range=(-0.375, math.inf),
    kinks=(-3.0, 3.0),
    formula=r"x \frac{\min(\max(x + 3, 0), 6)}{6}",
    reference="Howard et al. 2019, arXiv:1905.02244",
    aliases=("hard_swish", "hardswish"),
)
@elementwise(
    lambda x: keep_nan(jnp.where(jnp.abs(x) < 3, (2 * x + 3) / 6, jnp.where(x > 0, 1.0, 0.0)), x)
)
def hard_silu(x: jax.Array) -> jax.Array:
    r"""Piecewise quadratic silu.

    .. math::
        f(x) = x \frac{\min(\max(x + 3, 0), 6)}{6}

    The derivative is 0 at -3 and 1 at 3, as in `jax.nn`. `jax.nn.hard_silu(-inf)` is NaN;
    this gives the limit 0.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.375, of x's shape.
    """
    return jnp.where(x < 0, bounded(x), x) * (jnp.clip(x + 3, 0, 6) / 6)


hard_swish = hard_silu  # jax.nn has both names
