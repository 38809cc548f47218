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


class Mute(BaseException):
    def __str__(self):
        raise RuntimeError


def raising(error, when):
    def function(x):
        if isinstance(x, jax.core.Tracer) == (when == "traced"):
            raise error
        return x

    return function


@pytest.mark.parametrize("when", ["traced", "run"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TypeError("[/b] first\nsecond"), r"TypeError: \[/b\] first"),
        (TypeError(), "TypeError"),
        (SystemExit("no"), "SystemExit: no"),
        (Mute(), "Mute"),
    ],
)
def test_whatever_a_function_raises_is_one_sentence(error, said, when):
    with pytest.raises(ValueError, match=rf"cannot be .*{when}.*: {said}$"):
        accept(get(raising(error, when)))


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
