"""Serf, x erf(log(1 + e^x)), and its derivative: one exponential and polynomials for float32."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from acts_jax.activations.exponentials import lifted_exp
from acts_jax.activations.numerics import (
    bounded,
    gated,
    polynomial,
    with_derivatives,
)
from acts_jax.activations.sigmoidal import log_sigmoid_of, sigmoid
from acts_jax.activations.special_functions import error_function_over, log1p_over

# Far on the negative side both are linear in e^x, which is computed 2^16 times too large there, so
# that it does not flush to 0 before the result does.
_UNIT = 2.0**-16

# Minimax polynomials for float32, lowest degree first. With H(e) = erf(log(1 + e)) and
# c = 2 / sqrt(pi), on [0, 1]: (H(e) / e - c) / e, relative error of H 4e-10,
_STEEPNESS = 2 / math.sqrt(math.pi)
_SERF_LEFT = (
    -0.564189573, -1.49084085e-06, 0.282131698, -0.320107329, 0.237503842, -0.131951224,
    0.0537241975, -0.0142893093, 0.00184131147,
)  # fmt: skip
# and (H'(e) - c) / e, error of the slope 2e-9.
_SERF_SLOPE_LEFT = (
    -1.12837907, -7.60627487e-06, 1.12856774, -1.60078788, 1.42585782, -0.925247933, 0.431524357,
    -0.129604691, 0.0186511322,
)  # fmt: skip
# With q(x) = 1 - erf(log(1 + e^x)), on [0, 4.5]: log q(x), error of q 6e-9,
_SERF_RIGHT = (
    -1.1179214, -1.0672684, -0.466474049, -0.106759112, -0.00581064404, 0.00352638379,
    0.000894960766, -0.000453453384, 4.95135228e-05,
)  # fmt: skip
# and -1 - x q'(x) / q(x), error of the slope 1.2e-8.
_SERF_SLOPE_RIGHT = (
    -1.00000004, 1.0672739, 0.932835777, 0.321065926, 0.0206835273, -0.0132533647, -0.0095440122,
    0.00538973627, -0.00100501366, 6.7215003e-05,
)  # fmt: skip


def _unlift(x, value):
    return value * jnp.where(x < 0, _UNIT, 1.0)


def _serf_jet_float64(x):
    lifted = lifted_exp(-jnp.abs(x), 16)
    e = _UNIT * lifted
    ratio = log1p_over(e)
    p = jnp.maximum(x, 0) + e * ratio
    gate = jnp.where(x < 0, lifted * ratio * error_function_over(jnp.minimum(p, 1)), lax.erf(p))
    gate_slope = _STEEPNESS * lifted_exp(-jnp.square(p)) / (1 + e)
    return gate, gate + x * gate_slope * jnp.where(x < 0, lifted, 1)


def _serf_parts(x):
    # e = exp(x) for x < 0, or q(x); the former lifted, too
    inside = lax.clamp(jnp.float32(0), x, jnp.float32(4.5))
    lifted = lifted_exp(jnp.where(x < 0, x, polynomial(_SERF_RIGHT, inside)), 16)
    return inside, lifted, _UNIT * lifted


def _serf_curvature(x):
    x = bounded(x, 1e3)
    p, s = -log_sigmoid_of(-x), sigmoid(x)
    gate_slope = _STEEPNESS * lifted_exp(-jnp.square(p)) * s
    return gate_slope * (2 + x * ((1 - s) - 2 * p * s))


@with_derivatives(_serf_curvature)
def serf_slope(x: jax.Array) -> jax.Array:
    """The derivative of serf."""
    x = bounded(x, 1e3)
    if x.dtype == jnp.float64:
        return _unlift(x, _serf_jet_float64(x)[1])
    inside, lifted, e = _serf_parts(x)
    # the largest term first: the others cancel it, or are small
    rest = polynomial(_SERF_LEFT, e) + x * polynomial(_SERF_SLOPE_LEFT, e)
    left = lifted * (_STEEPNESS * (1 + x) + e * rest) * _UNIT
    return jnp.where(x < 0, left, 1 + e * polynomial(_SERF_SLOPE_RIGHT, inside))


def serf_value(x: jax.Array) -> jax.Array:
    """x erf(log(1 + e^x)). Not differentiable."""
    if x.dtype == jnp.float64:
        return _unlift(x, gated(x, _serf_jet_float64(bounded(x, 1e3))[0]))
    far = jnp.maximum(x, -1e3)
    _, lifted, e = _serf_parts(far)
    left = (far * lifted) * (_STEEPNESS + e * polynomial(_SERF_LEFT, e)) * _UNIT
    return jnp.where(x < 0, left, x * (1 - e))
