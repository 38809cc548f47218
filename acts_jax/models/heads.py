"""Heads: how the outputs of a network are read."""

import jax
import jax.numpy as jnp

from acts_jax.activations.catalogue import get
from acts_jax.models.layer import check_choice

HEADS = ("softmax", "sigmoid", "linear")


def check_outputs(head: str, num_outputs: int) -> None:
    """Raises ValueError for an unknown head, or a number of outputs that it cannot have."""
    check_choice("head", head, HEADS)
    if head == "sigmoid" and num_outputs != 1:
        raise ValueError(f"The sigmoid head has 1 output, not {num_outputs}.")


def probabilities(outputs: jax.Array, head: str) -> jax.Array:
    """The class probabilities that outputs of a network stand for.

    Args:
        outputs: logits [..., num_outputs].
        head: "softmax", or "sigmoid" (one logit, of class 1).

    Returns:
        Probabilities [..., classes], summing to 1 over the classes; two classes for "sigmoid".

    Raises:
        ValueError: an unknown head, or "linear", whose outputs are values.
    """
    check_choice("head", head, HEADS)
    if head == "linear":
        raise ValueError('The outputs of a "linear" head are values, not logits of classes.')
    if head == "sigmoid":
        sigmoid = get("sigmoid")
        return jnp.concatenate([sigmoid(-outputs), sigmoid(outputs)], axis=-1)
    return get("softmax")(outputs)
