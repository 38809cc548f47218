"""From a formula to an activation: dtypes, broadcasting and the kernel that computes it."""

import functools
import inspect
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from acts_jax.kernels.derivatives import is_number, widened
from acts_jax.suggestion import suggest


def elementwise(kernel: Callable | None = None, *, integers: bool = False) -> Callable:
    """Make an activation of a formula, computed by a kernel.

    The activation takes x of any real dtype and returns its dtype: floats of 16 bits and fewer
    are computed in float32 and rounded once. A Python number x gives, as in `jax.nn`, a result
    that takes on the dtype of the array it meets. Parameters may have any shape that broadcasts
    against x, under any `jax_numpy_rank_promotion`, and do not change the dtype. It is jitted;
    under another transformation parameters that are Python numbers are constants of the
    program. Its attribute `formula` is the formula as it is written, which the tests hold the
    kernel to.

    Args:
        kernel: what computes the formula and its derivatives, see `with_derivatives`; by default
            the formula itself, where it loses no digits.
        integers: whether integers stay integers, by the formula; by default they become floats.
    """

    def decorate(formula: Callable) -> Callable:
        compute, written = kernel or formula, inspect.unwrap(formula)
        signature = inspect.signature(written)

        @functools.wraps(written)
        def evaluate(*args, **kwargs):
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError as error:
                unknown = [name for name in kwargs if name not in signature.parameters]
                rest = suggest(unknown[0], signature.parameters) if unknown else "."
                raise TypeError(f"{written.__name__}: {error}{rest}") from None
            bound.apply_defaults()
            x, *parameters = bound.arguments.values()
            x = _real(written, x)
            if integers and not jnp.issubdtype(x.dtype, jnp.floating):
                return written(x)
            x = _floating(x)
            wide = widened(x).dtype
            parameters = [_parameter(written, p, wide) for p in parameters]
            shape = jnp.broadcast_shapes(x.shape, *map(np.shape, parameters))
            aligned = [
                p.reshape((1,) * (len(shape) - p.ndim) + p.shape) if np.ndim(p) else p
                for p in parameters
            ]
            return _as_weak_as(x, compute(jnp.broadcast_to(x, shape), *aligned))

        def of_one(x, args, kwargs):
            return evaluate(x, *args, **dict(kwargs))

        of_one.__name__ = written.__name__  # as it is called in a program
        of_one, of_arrays = jax.jit(of_one, static_argnums=(1, 2)), jax.jit(evaluate)

        @functools.wraps(written)
        def activation(*args, **kwargs):
            given = (*args[1:], *kwargs.values())
            if args and isinstance(args[0], jax.core.Tracer) and all(map(is_number, given)):
                return of_one(args[0], args[1:], tuple(kwargs.items()))
            return of_arrays(*args, **kwargs)

        activation.formula = written
        return activation

    return decorate


def vectorwise(kernel: Callable | None = None) -> Callable:
    """Make a function of whole vectors of a formula, computed by a kernel; see `elementwise`.

    It is jitted; options with a whole number as default are static.

    Args:
        kernel: takes an array of any float dtype, which it keeps, and the formula's options; by
            default the formula itself.
    """

    def decorate(formula: Callable) -> Callable:
        compute = kernel or formula
        _, *options = inspect.signature(formula).parameters.values()
        static = [option.name for option in options if isinstance(option.default, int)]

        @functools.partial(jax.jit, static_argnames=static)
        @functools.wraps(formula)
        def compiled(x, *args, **kwargs):
            x = _floating(_real(formula, x))
            return _as_weak_as(x, compute(x, *args, **kwargs))

        @functools.wraps(formula)
        def activation(*args, **kwargs):
            return compiled(*args, **kwargs)

        activation.formula = formula
        return activation

    return decorate


def _real(function, x):
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        raise ValueError(f"{function.__name__} takes real numbers, not {x.dtype}.")
    return x


def _parameter(function, value, dtype):
    """A parameter in the dtype of the formula: a NumPy scalar if it is a plain number."""
    if not is_number(value):
        return _real(function, value).astype(dtype)
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(dtype)[()]


def _floating(x):
    if jnp.issubdtype(x.dtype, jnp.floating):
        return x
    return 1.0 * x if x.weak_type else x.astype(float)


def _as_weak_as(x, result):
    """The result, weakly typed if x is: then an array that it meets gives the dtype."""
    return jnp.vectorize(lax.full_like)(x, result) if x.weak_type else result
