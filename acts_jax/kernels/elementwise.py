"""From a formula to an activation: dtypes, broadcasting and the kernel that computes it."""

import functools
import inspect
from collections.abc import Callable

import jax
import jax.numpy as jnp

from acts_jax.suggestion import suggest


def elementwise(kernel: Callable | None = None, *, integers: bool = False) -> Callable:
    """Make an activation of a formula, computed by a kernel.

    The activation takes x of any real dtype and returns its dtype: bfloat16 and float16 are
    computed in float32 and rounded once. Parameters may have any shape that broadcasts
    against x, under any `jax_numpy_rank_promotion`. A Python float counts as an array of the
    default float dtype, and does not give a weakly typed result. It is jitted. Its attribute
    `formula` is the formula as it is written, which the tests hold the kernel to.

    Args:
        kernel: what computes the formula and its derivatives, over float32 or float64 arrays of
            one shape; by default the formula itself, where it loses no digits.
        integers: whether integers stay integers, by the formula; by default they become floats.
    """

    def decorate(formula: Callable) -> Callable:
        compute, written = kernel or formula, inspect.unwrap(formula)
        signature = inspect.signature(written)

        @jax.jit
        @functools.wraps(written)
        def activation(*args, **kwargs):
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError as error:
                unknown = [name for name in kwargs if name not in signature.parameters]
                rest = suggest(unknown[0], signature.parameters) if unknown else "."
                raise TypeError(f"{written.__name__}: {error}{rest}") from None
            bound.apply_defaults()
            x, *parameters = map(jnp.asarray, bound.arguments.values())
            if jnp.issubdtype(x.dtype, jnp.complexfloating):
                raise ValueError(f"{written.__name__} takes real numbers, not {x.dtype}.")
            if not jnp.issubdtype(x.dtype, jnp.floating):
                if integers:
                    return written(x)
                x = x.astype(float)
            wide = jnp.promote_types(x.dtype, jnp.float32)
            shape = jnp.broadcast_shapes(x.shape, *(p.shape for p in parameters))
            arrays = [jnp.broadcast_to(a.astype(wide), shape) for a in (x, *parameters)]
            return compute(*arrays).astype(x.dtype)

        return _named(activation, written)

    return decorate


def vectorwise(kernel: Callable | None = None) -> Callable:
    """Make a function of whole vectors of a formula, computed by a kernel and rounded once.

    It is jitted; options with a whole number as default are static. See `elementwise`.
    """

    def decorate(formula: Callable) -> Callable:
        compute = kernel or formula
        _, *options = inspect.signature(formula).parameters.values()
        static = [option.name for option in options if isinstance(option.default, int)]

        @functools.partial(jax.jit, static_argnames=static)
        @functools.wraps(formula)
        def activation(x, *args, **kwargs):
            x = jnp.asarray(x)
            if not jnp.issubdtype(x.dtype, jnp.floating):
                x = x.astype(float)
            wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
            return compute(wide, *args, **kwargs).astype(x.dtype)

        return _named(activation, formula)

    return decorate


def _named(compiled: Callable, formula: Callable) -> Callable:
    """The activation as a plain function, which pickles by its name; a compiled one does not."""

    @functools.wraps(formula)
    def activation(*args, **kwargs):
        return compiled(*args, **kwargs)

    activation.formula = formula
    return activation
