"""How two networks are compared: their outputs and gradients, up to the rounding of float32."""

import functools

import jax
import jax.numpy as jnp
import numpy as np


@functools.partial(jax.jit, static_argnums=0)
def value_and_gradient(model, params, x):
    """The outputs of a Linen network, and the gradient of a loss that weighs them unevenly."""

    def loss(params):
        outputs = model.apply({"params": params}, x)
        weights = np.linspace(1, 2, outputs.size, dtype=np.float32).reshape(outputs.shape)
        return jnp.sum(weights * jnp.square(outputs - 1)), outputs

    gradient, outputs = jax.grad(loss, has_aux=True)(params)
    return outputs, gradient


@functools.partial(jax.jit, static_argnums=0)
def outputs_and_captured(model, params, x):
    """The outputs of a Linen network, and those of each of its layers by name."""
    outputs, captured = model.apply(
        {"params": params}, x, capture_intermediates=True, mutable=["intermediates"]
    )
    return outputs, {
        name: layer["__call__"][0]
        for name, layer in captured["intermediates"].items()
        if name != "__call__"
    }


def assert_close(one, other, tolerance=1e-5):
    """Equal trees, but for errors that are small beside the largest entry of each array."""
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * np.abs(b).max())
