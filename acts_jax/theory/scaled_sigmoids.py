"""Sigmoids brought to one scale, to be compared: value 0 and slope 1 at 0, range (-1, 1).

`tanh`, `softsign` and `algebraic` of the catalogue have it already. Each function here can be given
to a sweep: --config.activation=acts_jax.theory.scaled_sigmoids:arctan.
"""

import math

import jax
import jax.numpy as jnp

from acts_jax.activations import sigmoidal

CATALOGUE = ("tanh", "softsign", "algebraic")


def logistic(x: jax.Array) -> jax.Array:
    r"""The sigmoid, :math:`2 \sigma(2 x) - 1`: this is tanh."""
    return 2 * sigmoidal.sigmoid(2 * x) - 1


def arctan(x: jax.Array) -> jax.Array:
    r"""The arctangent, :math:`\frac{2}{\pi} \arctan \frac{\pi x}{2}`."""
    return sigmoidal.arctan(x * (math.pi / 2)) * (2 / math.pi)


def gudermannian(x: jax.Array) -> jax.Array:
    r"""The Gudermannian function, :math:`\frac{2}{\pi} \operatorname{gd} \frac{\pi x}{2}`."""
    return sigmoidal.gudermannian(x * (math.pi / 2)) * (2 / math.pi)


def erf(x: jax.Array) -> jax.Array:
    r"""The error function, :math:`\operatorname{erf} \frac{\sqrt{\pi} x}{2}`."""
    return sigmoidal.erf(x * (math.sqrt(math.pi) / 2))


def generalized_logistic(x: jax.Array, alpha: jax.Array | float = 2.0) -> jax.Array:
    r"""The generalised logistic function, moved so that its middle value is at 0.

    .. math::
        2 (1 + e^{-a x - b})^{-\alpha} - 1, \quad b = -\log(2^{1/\alpha} - 1), \quad
        a = \frac{1}{\alpha (1 - 2^{-1/\alpha})}

    It is not odd unless alpha = 1, where it is tanh.

    Args:
        x: any shape.
        alpha: above 0; broadcasts against x.
    """
    root = jnp.exp2(-1 / jnp.asarray(alpha, x.dtype))
    steepness, middle = 1 / (alpha * (1 - root)), jnp.log(root / (1 - root))
    return 2 * sigmoidal.generalized_logistic(steepness * x + middle, alpha) - 1


MADE = tuple(
    f"{__name__}:{f.__name__}" for f in (logistic, arctan, gudermannian, erf, generalized_logistic)
)
