"""Gated activations x * gate(x): silu, swish, gelu, gelu_tanh, mish, hard_silu."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.catalogue import register
from acts_jax.activations.numerics import (
    bounded,
    deep_exp,
    elementwise,
    keep_nan,
    normal_tail,
    scaled,
    with_derivatives,
)
from acts_jax.activations.sigmoidal import sigmoid_slope

# A gate with gate(-x) = 1 - gate(x) gives f'(-x) = 1 - f'(x): the derivative is computed on
# the negative side, as q(|x|), and mirrored. Values and derivatives bound x differently, so that
# their exponentials differ: XLA would pass a common one through memory, which takes longer.


def _mirrored(q, x):
    # q is used once, so that XLA fuses its computation into this one
    return jnp.where(x < 0, 0.0, 1.0) + q * jnp.where(x < 0, 1.0, -1.0)


def _sigmoid_gated(x, u):
    """x * sigmoid(u)."""
    e, unit = deep_exp(-jnp.abs(u))
    return jnp.where(u < 0, bounded(x) * e * unit, x) / (1 + e)


@with_derivatives(lambda x: sigmoid_slope(x) * (2 - bounded(x) * lax.tanh(x / 2)))
def _silu_slope(x):
    a = jnp.abs(bounded(x))
    e, unit = deep_exp(-a)
    return _mirrored((1 - a + e) * e / jnp.square(1 + e) * unit, x)


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
    `jax.nn.silu(-inf)` is NaN; this gives the limit 0.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.2784646, of x's shape.
    """
    return _sigmoid_gated(x, x)


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
    return _sigmoid_gated(x, scaled(beta, x))


def _gelu_exp(x):
    return deep_exp(-jnp.square(bounded(x, 1e3)) / 2)


@with_derivatives(lambda x: _gelu_curvature(bounded(x, 1e4)))
def _deep_gelu_slope(x):
    # Phi(x) + x phi(x), with the factor exp(-x^2 / 2) taken out of both terms.
    a = jnp.abs(bounded(x, 1e3))
    e, _ = _gelu_exp(x)
    return _mirrored((normal_tail(a) - a / math.sqrt(2 * math.pi)) * e, x)


@with_derivatives(_deep_gelu_slope)
def deep_gelu(x: jax.Array) -> jax.Array:
    """gelu(x) / `gelu_unit`(x), which does not flush to 0 early."""
    a = jnp.abs(bounded(x, 1e4))
    e, _ = deep_exp(-jnp.square(a) / 2)
    tail = normal_tail(a) * e
    return jnp.where(x < 0, -a * tail, x * (1 - tail))


def gelu_unit(x: jax.Array) -> jax.Array:
    """The power of e that `deep_gelu` leaves out, piecewise constant."""
    return jnp.where(x < 0, _gelu_exp(x)[1], 1)


def _gelu_curvature(x):
    return (2 - jnp.square(x)) / math.sqrt(2 * math.pi) * jnp.exp(-jnp.square(x) / 2)


@register(
    family="gated",
    range=(-0.16997120747990369, math.inf),
    formula=r"x \, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)",
    reference="Hendrycks & Gimpel 2016, arXiv:1606.08415",
)
@elementwise(
    with_derivatives(lambda x: _gelu_curvature(bounded(x, 1e4)))(
        lambda x: _deep_gelu_slope(x) * gelu_unit(x)
    )
)
def gelu(x: jax.Array) -> jax.Array:
    r"""Gaussian error linear unit, exact.

    .. math::
        f(x) = x \, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)

    The minimum is -0.16997121 at x = -0.75179152. `jax.nn.gelu` defaults to the tanh form,
    which is `gelu_tanh` here; PyTorch defaults to this one.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.1699713, of x's shape.
    """
    return deep_gelu(x) * gelu_unit(x)


_TANH_GELU_SCALE = math.sqrt(2 / math.pi)


def _tanh_gelu_argument(x):
    return _TANH_GELU_SCALE * (x + 0.044715 * (x * x * x))


def _gelu_tanh_curvature(x):
    # f = x S(2 u), S the sigmoid: f'' = S' (4 u' + x (2 u'' - 4 u'^2 tanh u))
    x = bounded(x, 1e4)
    u = _tanh_gelu_argument(x)
    du = _TANH_GELU_SCALE * (1 + 0.134145 * jnp.square(x))
    ddu = _TANH_GELU_SCALE * 0.26829 * x
    bracket = 4 * du + x * (2 * ddu - 4 * jnp.square(du) * lax.tanh(u))
    e = jnp.exp(-2 * jnp.abs(u))
    return bracket * e / jnp.square(1 + e)


@with_derivatives(_gelu_tanh_curvature)
def _gelu_tanh_slope(x):
    a = jnp.abs(bounded(x, 1e4))
    e, unit = deep_exp(-2 * _tanh_gelu_argument(a))
    steepness = 2 * _TANH_GELU_SCALE * (a + 0.134145 * (a * a * a))
    return _mirrored((1 - steepness + e) * e / jnp.square(1 + e) * unit, x)


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

    It is what `jax.nn.gelu` computes by default.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.1700408, of x's shape.
    """
    return _sigmoid_gated(x, 2 * _tanh_gelu_argument(bounded(x, 1e4)))


def _mish_curvature(x):
    # f = x T, T = tanh(softplus(x)), S the sigmoid: f'' = T' (2 + x (1 - S - 2 T S))
    x = bounded(x, 1e4)
    e = jnp.exp(-jnp.abs(x))
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
    e, unit = deep_exp(-a)
    below = (4 * (1 - a) + e * (6 - 4 * a + e * (4 + e))) * e * unit
    above = 1 + e * (4 + e * (6 + 4 * a + e * (4 * (1 + a))))
    return jnp.where(x < 0, below, above) / jnp.square(_mish_denominator(x, e))


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
    e, unit = deep_exp(-jnp.abs(x))
    numerator = jnp.where(x < 0, bounded(x) * e * (2 + e) * unit, x * (1 + 2 * e))
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
    return _sigmoid_gated(x, 1.702 * x)


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
