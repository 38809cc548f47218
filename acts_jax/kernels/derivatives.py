"""Functions of arrays with derivatives in closed form."""

import functools
import numbers
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero


class Pieces(NamedTuple):
    """A derivative in two pieces, of which one is selected, not multiplied.

    Where a piece is the number 0 an infinite cotangent does not become NaN; and where both are
    numbers only the condition is kept for the way back, a byte for each element.

    Attributes:
        inside: bool array, which of the two holds; true for NaN, unless that piece is 0.
        then: the derivative inside: a number, an array, or again `Pieces`.
        otherwise: the derivative outside, likewise.
    """

    inside: jax.Array
    then: "jax.Array | float | Pieces"
    otherwise: "jax.Array | float | Pieces"


def with_derivatives(*partials: Callable, together: bool = False) -> Callable:
    """Give a function of arrays its partial derivatives in closed form.

    Autodiff of a formula that is accurate in value is often inaccurate in derivative: it
    subtracts nearly equal numbers, or multiplies infinity by zero. Arguments that are not
    differentiated cost nothing.

    The first argument has the result's shape and dtype, and the others' shapes broadcast against
    it. bfloat16, float16 and float8 are computed in float32: the value is rounded once, and a
    derivative by an argument once, to that argument's dtype, before it is kept for the way back.

    Args:
        *partials: for each argument of the decorated function, its derivative by that
            argument, as a function of the same arguments: an array, or `Pieces`. Higher
            derivatives differentiate the partials, which may carry their own `with_derivatives`.
        together: whether all arguments are differentiated if one is. Pallas takes a function of
            several arrays only then.
    """

    def decorate(function: Callable) -> Callable:
        def value(*arguments):
            return function(*map(widened, arguments)).astype(arguments[0].dtype)

        def rule(primals, tangents):
            # by the rule again, where a derivative of this is itself differentiated
            result, wide = differentiable(*primals), [widened(primal) for primal in primals]
            terms = [
                _times(_rounded(partial(*wide), primal.dtype), tangent).astype(result.dtype)
                for partial, primal, tangent in zip(partials, primals, tangents, strict=True)
                if not isinstance(tangent, SymbolicZero)
            ]
            total = sum(terms[1:], terms[0]) if terms else jnp.zeros_like(result)
            return result, jnp.broadcast_to(total, result.shape)

        @functools.wraps(function)
        def call(x, *arguments):
            x = jnp.asarray(x)
            if any(map(is_number, arguments)):
                return _with_constants(function, partials, (x, *arguments))
            return differentiable(x, *arguments)

        differentiable = jax.custom_jvp(value)
        # Pallas has no such zeros, and of one argument there can be none
        differentiable.defjvp(rule, symbolic_zeros=len(partials) > 1 and not together)
        return call

    return decorate


def widened(x: jax.Array) -> jax.Array:
    """x in the dtype that formulas are computed in: float64, or else float32."""
    return x if x.dtype in (jnp.float32, jnp.float64) else x.astype(jnp.float32)


def is_number(argument: object) -> bool:
    """Whether it is a plain number, which becomes a constant of the program, and no array."""
    return isinstance(argument, numbers.Real)


def _with_constants(function, partials, arguments):
    """The function of its arrays alone, the plain numbers being constants of the program."""
    places = [i for i, argument in enumerate(arguments) if not is_number(argument)]

    def of_arrays(f):
        def call(*arrays):
            given = iter(arrays)
            dtype = arrays[0].dtype
            with np.errstate(all="ignore"):  # as in arithmetic with arrays
                return f(
                    *(
                        np.asarray(argument, dtype)[()] if is_number(argument) else next(given)
                        for argument in arguments
                    )
                )

        return call

    decorated = with_derivatives(*(of_arrays(partials[i]) for i in places))(of_arrays(function))
    return decorated(*(arguments[i] for i in places))


def _rounded(slope, dtype):
    """A partial in the dtype in which it is kept."""
    if isinstance(slope, Pieces):
        return Pieces(slope.inside, _rounded(slope.then, dtype), _rounded(slope.otherwise, dtype))
    return float(slope) if is_number(slope) else slope.astype(dtype)


def _times(slope, tangent):
    if isinstance(slope, Pieces):
        inside, then, otherwise = slope
        if isinstance(then, jax.Array) and is_number(otherwise) and otherwise == 0:
            # the same as below, but without an array of zeros that would be kept
            then = jnp.where(inside, then, 0)
            return then * jnp.where(inside, tangent, then)
        return jnp.where(inside, _times(then, tangent), _times(otherwise, tangent))
    if is_number(slope) and slope in (0, 1):
        return tangent if slope == 1 else jnp.zeros_like(tangent)
    return slope * tangent


def slope(function: Callable, /, x: jax.Array, *args, **parameters) -> jax.Array:
    """f'(x) of an elementwise function, with x's shape and dtype (integers become floats).

    It is the pullback of ones, since the Jacobian of an elementwise function is diagonal; but NaN
    where x is NaN, also where a derivative in pieces has none.
    """
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        raise ValueError(f"The derivative is by a real number, not by {x.dtype}.")
    if not jnp.issubdtype(x.dtype, jnp.floating):
        x = x.astype(float)
    value, pullback = jax.vjp(lambda x: function(x, *args, **parameters), x)
    return jnp.where(x == x, pullback(jnp.ones_like(value))[0], x)
