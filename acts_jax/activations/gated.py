"""Gated activations x * gate(x): silu, swish, gelu, gelu_tanh, mish, hard_silu."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import register
from acts_jax.activations.exponential import softplus
from acts_jax.activations.rectified import hard_sigmoid
from acts_jax.activations.sigmoidal import erf, sigmoid
from acts_jax.kernels import hyperbolic, logistic, normal, piecewise
from acts_jax.kernels.elementwise import elementwise


@register(
    range=(-0.2784645427610738, math.inf), reference="Elfwing, Uchibe, Doya 2017, arXiv:1702.03118"
)
@elementwise(logistic.silu)
def silu(x: ArrayLike) -> jax.Array:
    r"""Sigmoid linear unit :math:`x \, \sigma(x)`; `swish` with beta = 1.

    .. math::
        f(x) = \frac{x}{1 + e^{-x}}

    The minimum is -0.27846454 at x = -1.27846456, the largest slope 1.09983932 at 2.3993553.
    `jax.nn.silu(-inf)` is NaN; this gives the limit 0. `jax.nn`, flax and Keras call it swish,
    too; `swish` here has a sharpness besides.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.2784646, of x's shape.
    """
    return x * sigmoid(x)


@register(
    learned=("beta",),
    range=(-0.2784645427610738, math.inf),
    reference="Ramachandran, Zoph, Le 2017, arXiv:1710.05941",
)
@elementwise(logistic.swish)
def swish(x: ArrayLike, beta: ArrayLike = 1.0) -> jax.Array:
    r"""Swish: `silu` with a sharpness that the network learns.

    .. math::
        f(x) = \frac{x}{1 + e^{-\beta x}}

    It is x/2 for beta = 0 and tends to ReLU as beta grows. In `jax.nn` and TensorFlow the
    name means `silu`, without beta.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        beta: any number; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    return x * sigmoid(beta * x)


@elementwise(normal.gelu)
def _exact_gelu(x):
    return x / 2 * (1 + erf(x / math.sqrt(2)))


@register(
    range=(-0.16997120747990369, math.inf), reference="Hendrycks & Gimpel 2016, arXiv:1606.08415"
)
def gelu(x: ArrayLike, approximate: bool = False) -> jax.Array:
    r"""Gaussian error linear unit, exact unless asked otherwise.

    .. math::
        f(x) = x \, \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)

    The minimum is -0.16997121 at x = -0.75179152. `jax.nn.gelu(x)`, which flax re-exports, is
    another function, the tanh form, up to 4.74e-4 away: write `gelu(x, approximate=True)` or
    `gelu_tanh` for it. PyTorch and Keras 3 default to the exact one, as here.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        approximate: whether to compute `gelu_tanh` instead; not traced.

    Returns:
        Values above -0.1699713, of x's shape.
    """
    return gelu_tanh(x) if approximate else _exact_gelu(x)


gelu.formula = _exact_gelu.formula


@register(
    range=(-0.17004075057125412, math.inf), reference="Hendrycks & Gimpel 2016, arXiv:1606.08415"
)
@elementwise(logistic.gelu_tanh)
def gelu_tanh(x: ArrayLike) -> jax.Array:
    r"""Gaussian error linear unit in its tanh form, within 4.74e-4 of `gelu`.

    .. math::
        f(x) = \frac{x}{2} \left(1 + \tanh\left(\sqrt{2 / \pi} (x + 0.044715 x^3)\right)\right)

    It is what `jax.nn.gelu` computes by default, PyTorch and Keras with `approximate`.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.1700408, of x's shape.
    """
    return x / 2 * (1 + jnp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@register(range=(-0.3088434130172801, math.inf), reference="Misra 2019, arXiv:1908.08681")
@elementwise(hyperbolic.mish)
def mish(x: ArrayLike) -> jax.Array:
    r"""Mish.

    .. math::
        f(x) = x \tanh \log(1 + e^x)

    The minimum is -0.30884341 at x = -1.19243122.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.3088435, of x's shape.
    """
    return x * jnp.tanh(softplus(x))


@register(
    range=(-0.16361018963635358, math.inf),
    reference="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    aliases=("gelu_sigmoid",),
)
@elementwise(logistic.quick_gelu)
def quick_gelu(x: ArrayLike) -> jax.Array:
    r"""Sigmoid approximation of `gelu`, within 0.0204 of it; `swish` with beta = 1.702.

    .. math::
        f(x) = \frac{x}{1 + e^{-1.702 x}}

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        Values above -0.16362, of x's shape.
    """
    return x * sigmoid(1.702 * x)


@register(
    range=(-0.375, math.inf),
    kinks=(-3.0, 3.0),
    reference="Howard et al. 2019, arXiv:1905.02244",
    aliases=("hard_swish", "hardswish"),
)
@elementwise(piecewise.hard_silu)
def hard_silu(x: ArrayLike) -> jax.Array:
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
    return x * hard_sigmoid(x)


hard_swish = hard_silu  # jax.nn has both names
