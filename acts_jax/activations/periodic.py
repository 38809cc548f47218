"""Activations with a sine: sine, snake and the growing cosine unit."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from acts_jax.activations.catalogue import POSITIVE, register
from acts_jax.kernels import trigonometric
from acts_jax.kernels.elementwise import elementwise


@register(
    range=(-1, 1),
    reference="Sitzmann, Martel, Bergman, Lindell, Wetzstein 2020, arXiv:2006.09661",
    aliases=("siren", "sin"),
)
@elementwise(trigonometric.sine_of_multiple)
def sine(x: ArrayLike, frequency: ArrayLike = 1.0) -> jax.Array:
    r"""Sine, the activation of SIREN.

    .. math::
        f(x) = \sin(\omega x), \qquad f'(x) = \omega \cos(\omega x)

    SIREN has omega = 30 and divides the weights after the first layer by it. At infinity it
    is NaN.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        frequency: omega, any number; broadcasts against x.

    Returns:
        Values in [-1, 1], in x's dtype.
    """
    return jnp.sin(frequency * x)


@register(
    parameters={"frequency": POSITIVE},
    learned=("frequency",),
    reference="Liu, Hartwig, Ueda 2020, arXiv:2006.08195",
)
@elementwise(trigonometric.snake)
def snake(x: ArrayLike, frequency: ArrayLike = 1.0) -> jax.Array:
    r"""Snake: the identity with a ripple, for periodic data.

    .. math::
        f(x) = x + \frac{\sin^2(a x)}{a}, \qquad f'(x) = 1 + \sin(2 a x)

    It increases everywhere. At infinity its derivative is NaN.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        frequency: a, above 0; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.
    """
    return x + jnp.sin(frequency * x) ** 2 / frequency


@register(
    reference="Noel, Arunkumar, Trivedi, Dutta 2021, arXiv:2108.12943", aliases=("growing_cosine",)
)
@elementwise(trigonometric.gcu)
def gcu(x: ArrayLike) -> jax.Array:
    r"""Growing cosine unit.

    .. math::
        f(x) = x \cos x, \qquad f'(x) = \cos x - x \sin x

    At infinity it is NaN.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        x's dtype and shape.
    """
    return x * jnp.cos(x)
