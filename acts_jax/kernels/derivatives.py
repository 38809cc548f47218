"""Functions of arrays with derivatives in closed form."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero


def with_derivatives(*partials: Callable) -> Callable:
    """Give a function of arrays of one shape its partial derivatives in closed form.

    Autodiff of a formula that is accurate in value is often inaccurate in derivative: it
    subtracts nearly equal numbers, or multiplies infinity by zero. Arguments that are not
    differentiated cost nothing.

    Args:
        *partials: for each argument of the decorated function, its derivative by that
            argument, as a function of the same arguments. Higher derivatives differentiate
            the partials, which may carry their own `with_derivatives`.
    """

    def decorate(function: Callable) -> Callable:
        function = jax.custom_jvp(function)

        def rule(primals, tangents):
            value = function(*primals)
            terms = [
                partial(*primals) * tangent
                for partial, tangent in zip(partials, tangents, strict=True)
                if not isinstance(tangent, SymbolicZero)
            ]
            return value, sum(terms[1:], terms[0]) if terms else jnp.zeros_like(value)

        function.defjvp(rule, symbolic_zeros=True)
        return function

    return decorate


def slope(function: Callable, /, x: jax.Array, *args, **parameters) -> jax.Array:
    """f'(x) of an elementwise function, with x's shape and dtype (integers become floats).

    It is the pullback of ones, since the Jacobian of an elementwise function is diagonal.
    """
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        raise ValueError(f"The derivative is by a real number, not by {x.dtype}.")
    if not jnp.issubdtype(x.dtype, jnp.floating):
        x = x.astype(float)
    value, pullback = jax.vjp(lambda x: function(x, *args, **parameters), x)
    return pullback(jnp.ones_like(value))[0]
