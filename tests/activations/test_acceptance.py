"""Functions that can, and that cannot, be activations."""

import dataclasses

import jax
import jax.numpy as jnp
import pytest

from acts_jax.activations.acceptance import accept, accept_float64
from acts_jax.activations.catalogue import get


def standardized(x):
    return x / (1 + jnp.sqrt(jnp.mean(x * x, axis=-1, keepdims=True)))


def over_the_batch(x):
    return x - jnp.max(x, axis=0, keepdims=True)


def leaky(x, slope=0.1):
    return jnp.where(x > 0, x, slope * x)


def root(x):
    return jnp.sqrt(x)


def single_precision(x):
    return jnp.tanh(x.astype(jnp.float32))


@pytest.mark.parametrize("function", [leaky, root, jax.nn.silu, jnp.tanh, "softmax", "sbaf"])
def test_what_can_be_an_activation_is_accepted(function):
    accept(get(function))
    accept_float64(get(function))


@pytest.mark.parametrize("function", [standardized, over_the_batch])
def test_a_function_of_whole_vectors_must_say_so(function):
    claimed = get(function)
    with pytest.raises(ValueError, match=r"not elementwise.*@register\(elementwise=False\)"):
        accept(claimed)
    accept(dataclasses.replace(claimed, elementwise=False))


def test_what_is_not_computed_in_float64_cannot_be_judged():
    accept(get(single_precision))
    with pytest.raises(ValueError, match="gives float32 for float64 inputs"):
        accept_float64(get(single_precision))
