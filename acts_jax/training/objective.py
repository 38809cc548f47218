"""The loss of each example by the head of the network, and whether its prediction is right."""

import jax
import jax.numpy as jnp
import optax


def losses(head: str, outputs: jax.Array, labels: jax.Array) -> jax.Array:
    """The loss of each example: cross-entropy in nats, or half the squared error (linear).

    Args:
        head: "softmax", "sigmoid" or "linear".
        outputs: float32 [batch, num_outputs].
        labels: int32 [batch] classes, or float32 [batch] targets.

    Returns:
        float32 [batch].
    """
    if head == "softmax":
        # By comparison: a gather and its gradient, a scatter, take long to compile and to run.
        shifted = outputs - jax.lax.stop_gradient(outputs.max(axis=-1, keepdims=True))
        picked = labels[:, None] == jnp.arange(outputs.shape[-1])[None]
        return jnp.log(jnp.exp(shifted).sum(axis=-1)) - jnp.sum(shifted, axis=-1, where=picked)
    if head == "sigmoid":
        return optax.sigmoid_binary_cross_entropy(outputs[:, 0], labels.astype(outputs.dtype))
    return optax.l2_loss(outputs[:, 0], labels)


def hits(head: str, outputs: jax.Array, labels: jax.Array) -> jax.Array:
    """1.0 where the most probable class is the label, else 0.0; NaN for a linear head. [batch]."""
    if head == "softmax":
        return (outputs.argmax(axis=-1) == labels).astype(jnp.float32)
    if head == "sigmoid":
        return ((outputs[:, 0] > 0) == (labels > 0)).astype(jnp.float32)
    return jnp.full(labels.shape, jnp.nan, jnp.float32)
