"""Refuses a function that cannot be an activation, in one sentence and before any work is done."""

import contextlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax.activations.catalogue import Activation
from acts_jax.words import said_by


def accept(activation: Activation, halves: bool = False) -> None:
    """Try an activation on arrays [2, 3] at its default parameters, one that halves on [2, 4].

    It is traced once. One that comes from outside this package and claims to be elementwise is
    also run: dead units, derivatives and shapes mean nothing if the entries depend on each other.

    Args:
        activation: the activation.
        halves: whether it may change the last axis, as gated linear units do.

    Raises:
        ValueError: if it cannot be traced by jax, does not keep the shape and float32, or is
            elementwise in name only.
    """
    x = jax.ShapeDtypeStruct((2, 3 if activation.shape_preserving else 4), jnp.float32)
    with _refusing(activation, "cannot be traced by jax"):
        y = jax.eval_shape(lambda x: activation(x, **activation.defaults), x)
    kept = -1 if halves and not activation.shape_preserving else None
    if not hasattr(y, "shape") or y.shape[:kept] != x.shape[:kept] or y.dtype != x.dtype:
        raise ValueError(
            f"activation {activation.name!r} must map a float32 array to one of the same shape, "
            f"but {x.shape} gave {getattr(y, 'dtype', type(y).__name__)} "
            f"{getattr(y, 'shape', '')}".rstrip()
        )
    foreign = not str(getattr(activation.function, "__module__", "")).startswith("acts_jax.")
    if foreign and activation.elementwise:
        with _refusing(activation, "cannot be run"):
            mixes = _mixes_entries(activation)
        if mixes:
            raise ValueError(
                f"activation {activation.name!r} is not elementwise: its outputs depend on other "
                "entries than their own; a line @register(elementwise=False) above it says so"
            )


def accept_float64(activation: Activation) -> None:
    """Refuse an activation that is not computed in float64 for float64 inputs.

    Raises:
        ValueError: if its dtype is another then: it has no evaluation to be judged by.
    """
    with jax.enable_x64(True):
        x = jax.ShapeDtypeStruct((2, 3), jnp.float64)
        with _refusing(activation, "cannot be traced for float64 inputs"):
            y = jax.eval_shape(lambda x: activation(x, **activation.defaults), x)
    if y.dtype != x.dtype:
        raise ValueError(
            f"activation {activation.name!r} gives {y.dtype} for float64 inputs, too coarse to "
            "judge it by: let it keep the dtype of x"
        )


def refuse_nan(activation: Activation) -> None:
    """Refuse an activation whose value or derivative is NaN at an ordinary pre-activation.

    It is tried at 201 points of [-10, 10], or of its own domain.

    Raises:
        ValueError: if one is, with the first such point.
    """
    low, high = np.clip(activation.domain, -10.0, 10.0)
    x = jnp.linspace(low, high, 201, dtype=jnp.float32)

    def total(x):
        return jnp.sum(activation(x[:, None], **activation.defaults))

    with _refusing(activation, "cannot be run"):
        y = activation(x[:, None], **activation.defaults)[:, 0]
        slope = jax.grad(total)(x)
    for what, values in (("is", y), ("has the derivative", slope)):
        if bad := np.flatnonzero(np.isnan(values)).tolist():
            raise ValueError(f"activation {activation.name!r} {what} NaN at x = {x[bad[0]]:g}")


@contextlib.contextmanager
def _refusing(activation: Activation, what: str) -> Iterator[None]:
    """Turn whatever a user's function raises into a ValueError that says so in one sentence."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ValueError(f"activation {activation.name!r} {what}: {said_by(error)}") from error


def _mixes_entries(activation: Activation) -> bool:
    """Whether changing the first entry of an array changes what becomes of another."""
    low, high = np.where(np.isfinite(activation.domain), activation.domain, (-1.5, 1.5))
    x = np.linspace(low, high, 8, dtype=np.float32)[1:-1].reshape(2, 3)
    changed = x.copy()
    changed[0, 0] = (low + 3 * high) / 4
    y, z = (np.asarray(activation(jnp.asarray(a), **activation.defaults)) for a in (x, changed))
    return not np.array_equal(y.ravel()[1:], z.ravel()[1:], equal_nan=True)
