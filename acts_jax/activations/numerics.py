"""What all activations share: exact derivatives, dtypes and broadcasting, infinities and NaN."""

import functools
import inspect
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from acts_jax.suggestion import suggest


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


def elementwise(*partials: Callable, integers: bool = False) -> Callable:
    """Make an activation of a formula over float32 or float64 arrays of one shape.

    The activation takes x of any real dtype and returns its dtype: bfloat16 and float16 are
    computed in float32 and rounded once. Parameters may have any shape that broadcasts
    against x, under any `jax_numpy_rank_promotion`. A Python float counts as an array of the
    default float dtype, and does not give a weakly typed result. It is jitted.

    Args:
        *partials: see `with_derivatives`; none for autodiff.
        integers: whether integers stay integers; by default they become floats.
    """

    def decorate(formula: Callable) -> Callable:
        exact = with_derivatives(*partials)(formula) if partials else formula
        signature = inspect.signature(formula)

        @jax.jit
        @functools.wraps(formula)
        def activation(*args, **kwargs):
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError as error:
                unknown = [name for name in kwargs if name not in signature.parameters]
                rest = suggest(unknown[0], signature.parameters) if unknown else "."
                raise TypeError(f"{formula.__name__}: {error}{rest}") from None
            bound.apply_defaults()
            x, *parameters = map(jnp.asarray, bound.arguments.values())
            if jnp.issubdtype(x.dtype, jnp.complexfloating):
                raise ValueError(f"{formula.__name__} takes real numbers, not {x.dtype}.")
            if not jnp.issubdtype(x.dtype, jnp.floating):
                if integers:
                    return formula(x)
                x = x.astype(float)
            compute = jnp.promote_types(x.dtype, jnp.float32)
            shape = jnp.broadcast_shapes(x.shape, *(p.shape for p in parameters))
            arrays = [jnp.broadcast_to(a.astype(compute), shape) for a in (x, *parameters)]
            return exact(*arrays).astype(x.dtype)

        return activation

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


def keep_nan(value: jax.Array, x: jax.Array) -> jax.Array:
    """The value, but NaN where x is NaN: for values selected by comparisons of x."""
    return jnp.where(x == x, value, x)


def bounded(x: jax.Array, bound: float | None = None) -> jax.Array:
    """x clipped to [-bound, bound] (finite numbers by default): bounded(inf) * 0 is 0."""
    bound = jnp.asarray(jnp.finfo(x.dtype).max if bound is None else bound, x.dtype)
    return lax.clamp(-bound, x, bound)


def scaled(parameter: jax.Array, x: jax.Array) -> jax.Array:
    """parameter * x, with 0 * inf = 0: a parameter at 0 removes the term."""
    return parameter * jnp.where(parameter == 0, bounded(x), x)


@with_derivatives(lambda x, gate: gate, lambda x, gate: bounded(x, 1e30))
def gated(x: jax.Array, gate: jax.Array) -> jax.Array:
    """x * gate for a gate that levels off exponentially; inf * 0 = 0, in the derivatives too."""
    return jnp.where(gate == 0, bounded(x), x) * gate


def partials_of(scaled_formula: Callable, unit: Callable) -> list[Callable]:
    """The partial derivatives of scaled_formula(...) * unit(...), the unit piecewise constant.

    Forward mode: reverse mode would multiply by the unit first, and flush to 0.
    """

    def partial(i):
        def by_argument(*arguments):
            def moved(value):
                return scaled_formula(*arguments[:i], value, *arguments[i + 1 :])

            _, slope = jax.jvp(moved, (arguments[i],), (jnp.ones_like(arguments[i]),))
            return slope * unit(*arguments)

        return by_argument

    return [partial(i) for i in range(len(inspect.signature(scaled_formula).parameters))]


def polynomial(coefficients: tuple[float, ...], x: jax.Array) -> jax.Array:
    """Horner's rule; the lowest degree comes first."""
    result = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result = result * x + coefficient
    return result


def upper_half(x: jax.Array) -> jax.Array:
    """x with the lower half of its digits cut off: products of two such numbers are exact."""
    integer, mask = (jnp.int64, -(1 << 27)) if x.dtype == jnp.float64 else (jnp.int32, -(1 << 12))
    return lax.bitcast_convert_type(lax.bitcast_convert_type(x, integer) & mask, x.dtype)
