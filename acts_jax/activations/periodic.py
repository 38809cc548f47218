"""Activations with a sine: sine, snake and the growing cosine unit."""

import jax

from acts_jax.activations import circular
from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.numerics import elementwise


@register(
    family="periodic",
    range=(-1, 1),
    formula=r"\sin(\omega x)",
    reference="Sitzmann, Martel, Bergman, Lindell, Wetzstein 2020, arXiv:2006.09661",
    aliases=("siren", "sin"),
)
@elementwise(
    lambda x, frequency: frequency * circular.cosine(frequency * x),
    lambda x, frequency: x * circular.cosine(frequency * x),
)
def sine(x: jax.Array, frequency: jax.Array | float = 1.0) -> jax.Array:
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
    return circular.sine(frequency * x)


def _snake_slope(x, frequency):
    return circular.one_plus_sine_of_double(frequency * x)


def _snake_by_frequency(x, frequency):
    u = frequency * x
    s = circular.sine(u)
    return s / frequency * (2 * x * circular.cosine(u) - s / frequency)


@register(
    family="periodic",
    parameters={"frequency": Parameter(1.0, low=0, closed="neither")},
    learned=("frequency",),
    formula=r"x + \frac{\sin^2(a x)}{a}",
    reference="Liu, Hartwig, Ueda 2020, arXiv:2006.08195",
)
@elementwise(_snake_slope, _snake_by_frequency)
def snake(x: jax.Array, frequency: jax.Array | float = 1.0) -> jax.Array:
    r"""Snake: the identity with a ripple, for periodic data.

    .. math::
        f(x) = x + \frac{\sin^2(a x)}{a}, \qquad f'(x) = 1 + \sin(2 a x)

    It increases everywhere. At infinity its derivative is NaN.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        frequency: a, above 0; broadcasts against x.

    Returns:
        x's dtype, the broadcast shape.

    Raises:
        ValueError: if frequency is a plain number and not above 0.
    """
    return circular.ripple(x, frequency)


@register(
    family="periodic",
    formula=r"x \cos x",
    reference="Noel, Arunkumar, Trivedi, Dutta 2021, arXiv:2108.12943",
    aliases=("growing_cosine",),
)
@elementwise(circular.growing_cosine_slope)
def gcu(x: jax.Array) -> jax.Array:
    r"""Growing cosine unit.

    .. math::
        f(x) = x \cos x, \qquad f'(x) = \cos x - x \sin x

    At infinity it is NaN.

    Args:
        x: any shape; float dtypes are kept, integers become floats.

    Returns:
        x's dtype and shape.
    """
    return circular.growing_cosine(x)
