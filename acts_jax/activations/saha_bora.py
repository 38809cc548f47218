"""The Saha-Bora activation function and the approximate ReLU of the same authors."""

import math

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import Parameter, register
from acts_jax.activations.exponentials import power, power_within_one
from acts_jax.activations.numerics import bounded, elementwise, scaled, with_derivatives


def _on_domain(value, x):
    return jnp.where((x >= 0) & (x <= 1), value, jnp.nan)


def _odds(x, alpha):
    # g = larger * t^weight with t = smaller / larger in [0, 1]: one power gives g and g'.
    smaller, larger = jnp.minimum(x, 1 - x), jnp.maximum(x, 1 - x)
    weight = jnp.where(x < 0.5, alpha, 1 - alpha)
    safe = jnp.where(smaller > 0, smaller, 1)
    at_end = jnp.where(weight == 0, 1, 0)
    return (
        safe,
        larger,
        weight,
        jnp.where(smaller > 0, power_within_one(safe / larger, weight), at_end),
    )


def _geometric_mean_by_alpha(x, alpha):
    safe, larger, _, t_power = _odds(x, alpha)
    return larger * t_power * jnp.where(x < 0.5, 1, -1) * jnp.log(safe / larger)


def _geometric_mean_curvature(x, alpha):
    safe, larger, _, t_power = _odds(x, alpha)
    return ((alpha - 1) / safe) * (alpha * t_power / larger / safe)


def _geometric_mean_slope_by_alpha(x, alpha):
    safe, larger, _, t_power = _odds(x, alpha)
    log_odds = jnp.where(x < 0.5, 1, -1) * jnp.log(safe / larger)
    return t_power / safe * (1 + (alpha - x) * log_odds)


@with_derivatives(_geometric_mean_curvature, _geometric_mean_slope_by_alpha)
def _geometric_mean_slope(x, alpha):
    safe, _, weight, t_power = _odds(x, alpha)
    at_end = jnp.where(weight == 0, -1.0, jnp.where(weight == 1, 1.0, jnp.inf))
    at_end = jnp.where(x < 0.5, at_end, -at_end)
    inside = (alpha - x) * (t_power / safe)
    return _on_domain(jnp.where((x == 0) | (x == 1), at_end, inside), x)


@with_derivatives(_geometric_mean_slope, _geometric_mean_by_alpha)
def _geometric_mean(x, alpha):
    """G = x^alpha (1 - x)^(1 - alpha)."""
    _, larger, _, t_power = _odds(x, alpha)
    return _on_domain(larger * t_power, x)


@register(
    family="saha_bora",
    parameters={
        "k": Parameter(0.98, low=0, closed="neither"),
        "alpha": Parameter(0.5, low=0, high=1),
    },
    domain=(0, 1),
    range=(1 / 1.49, 1),
    formula=r"\frac{1}{1 + k x^\alpha (1 - x)^{1 - \alpha}}",
    reference="Saha et al. 2018, arXiv:1806.01844; 2020, EPJ ST 229:2629, arXiv:1906.01975",
    aliases=("saha_bora",),
)
@elementwise()
def sbaf(x: jax.Array, k: jax.Array | float = 0.98, alpha: jax.Array | float = 0.5) -> jax.Array:
    r"""Saha-Bora activation function, real on [0, 1] only.

    .. math::
        y = \frac{1}{1 + k x^\alpha (1 - x)^{1 - \alpha}}, \qquad
        y' = y (1 - y) \frac{x - \alpha}{x (1 - x)}

    For 0 < alpha < 1 it is U-shaped: 1 at both ends, where the derivative is -inf and inf,
    with its minimum at x = alpha. It rises for alpha = 0 and falls for alpha = 1.

    Args:
        x: any shape, in [0, 1]; float dtypes are kept, integers become floats.
        k: above 0; broadcasts against x.
        alpha: in [0, 1]; broadcasts against x.

    Returns:
        Values in [1 / (1 + k), 1], in x's dtype; NaN where x is outside [0, 1].

    Raises:
        ValueError: if k or alpha is a plain number outside its interval.
    """
    return 1 / (1 + k * _geometric_mean(x, alpha))


def _a_relu_parts(x, n):
    positive = jnp.where(x > 0, x, 1)
    return positive, power(positive, n - 1)


def _a_relu_slope(x, k, n):
    _, steepness = _a_relu_parts(x, n)
    return jnp.where(x <= 0, 0, jnp.where(x > 0, scaled(k * n, steepness), x))


def _a_relu_by_k(x, k, n):
    positive, steepness = _a_relu_parts(x, n)
    value = jnp.where(positive < jnp.inf, positive * steepness, jnp.inf)
    return jnp.where(x <= 0, 0, jnp.where(x > 0, value, x))


def _a_relu_by_n(x, k, n):
    positive = bounded(jnp.where(x > 0, x, 1))
    return k * _a_relu_by_k(x, k, n) * jnp.log(positive)


@register(
    family="saha_bora",
    parameters={"k": Parameter(0.54), "n": Parameter(1.3, low=0, closed="neither")},
    range=(0, math.inf),
    formula=r"\begin{cases} k x^n, & x > 0 \\ 0, & x \le 0 \end{cases}",
    reference="Saha et al. 2020, EPJ ST 229:2629, arXiv:1906.01975",
)
@elementwise(_a_relu_slope, _a_relu_by_k, _a_relu_by_n)
def a_relu(x: jax.Array, k: jax.Array | float = 0.54, n: jax.Array | float = 1.3) -> jax.Array:
    r"""Approximate ReLU; not the attention-based function also named AReLU.

    .. math::
        f(x) = \begin{cases} k x^n, & x > 0 \\ 0, & x \le 0 \end{cases}

    The derivative at 0 is 0; it is continuous there for n > 1. With k = 0.54 and n = 1.3 the
    function crosses y = x at 7.7987, and is at most 0.75056 below it before, at 3.2524.

    Args:
        x: any shape; float dtypes are kept, integers become floats.
        k: any number; broadcasts against x.
        n: above 0; broadcasts against x.

    Returns:
        Values in [0, inf) for k > 0, in x's dtype.

    Raises:
        ValueError: if n is a plain number and not above 0.
    """
    positive, steepness = _a_relu_parts(x, n)
    # k x x^(n - 1) in the order that does not overflow before the result does
    small = jnp.minimum(jnp.abs(k), 1)
    value = jnp.where(positive < jnp.inf, small * positive * steepness, jnp.inf)
    large = jnp.where(jnp.abs(k) > 1, k, jnp.sign(k))
    return jnp.where(x <= 0, 0, jnp.where(x > 0, scaled(large, value), x))
