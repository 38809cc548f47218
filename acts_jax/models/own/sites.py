"""Sites in the traced program of any network: where it applies the activation, and what it gives.

The activation that a network is handed leaves a mark in the program wherever it is called. Marks
are found whatever the calls stand in; what a marked place computed is returned unless it stands in
a loop, a branch, or a function with a derivative of its own: what is computed there stays there.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Primitive, Var
from jax.interpreters import ad, batching, mlir

from acts_jax.activations.digest import opened
from acts_jax.models.protocol import Site

# (preactivation, activation, slope) -> activation, all of one shape but for gated halves.
_MARK = Primitive("activation_site")
_MARK.def_impl(lambda z, y, slope, *, call: y)
_MARK.def_abstract_eval(lambda z, y, slope, *, call: y)
mlir.register_lowering(_MARK, lambda context, z, y, slope, *, call: [y])

# Calls that compute what their program does, and the parameter that holds it.
_CALLS = {"jit": "jaxpr", "remat2": "jaxpr", "checkpoint": "jaxpr", "closed_call": "call_jaxpr"}


def _pushed_forward(primals, tangents, *, call):
    return _MARK.bind(*primals, call=call), tangents[1]


def _mapped(values, axes, *, call):
    """A network may itself use `jax.vmap`: its axis goes first, so that units stay last."""
    size = next(v.shape[a] for v, a in zip(values, axes, strict=True) if a is not None)
    values = (
        jnp.broadcast_to(v, (size, *v.shape)) if a is None else jnp.moveaxis(v, a, 0)
        for v, a in zip(values, axes, strict=True)
    )
    return _MARK.bind(*values, call=call), 0


ad.primitive_jvps[_MARK] = _pushed_forward
batching.primitive_batchers[_MARK] = _mapped


class Place(NamedTuple):
    """A place in a program where the activation is applied.

    Attributes:
        call: Which call of the activation it comes from, counted from 0 while the program was
            traced. A function that is traced twice has calls without a place, and one that is
            traced once and used twice has two places of one call.
        units: Size of the last axis of the pre-activation.
        seen: Whether `evaluate` returns what is computed there.
    """

    call: int
    units: int
    seen: bool


def mark(z: jax.Array, y: jax.Array, slope: jax.Array, call: int) -> jax.Array:
    """Leave a mark in the program that is being traced, and return y."""
    return _MARK.bind(z, y, slope, call=call)


def places(program: ClosedJaxpr | Jaxpr, seen: bool = True) -> Iterator[Place]:
    """The marked places of a program, in order."""
    for line in opened(program)[0].eqns:
        if line.primitive is _MARK:
            preactivation: Any = line.invars[0].aval
            yield Place(line.params["call"], (preactivation.shape or (1,))[-1], seen)
        for inner in _programs_in(line):
            yield from places(inner, seen and line.primitive.name in _CALLS)


def draws(program: ClosedJaxpr | Jaxpr) -> bool:
    """Whether a program draws random numbers."""
    return any(
        line.primitive.name == "random_bits" or any(map(draws, _programs_in(line)))
        for line in opened(program)[0].eqns
    )


def evaluate(
    program: ClosedJaxpr | Jaxpr, inputs: Sequence[jax.Array], found: list[Site]
) -> list[jax.Array]:
    """The outputs of a program; what it computes at the places that are seen joins `found`."""
    program, constants = opened(program)
    known: dict[Var, Any] = dict(zip(program.constvars, constants, strict=True))
    known |= dict(zip(program.invars, inputs, strict=True))

    def read(atom: Var | Literal) -> Any:
        return atom.val if isinstance(atom, Literal) else known[atom]

    for line in program.eqns:
        values, operation = [*map(read, line.invars)], line.primitive
        inner = _called(line)
        if operation is _MARK:
            found.append(Site(*map(jnp.atleast_1d, values)))
            results = values[1:2]
        elif inner is not None and any(places(inner)):
            results = evaluate(inner, values, found)
        else:
            with line.ctx.manager:
                results = operation.bind(*values, **operation.get_bind_params(line.params))
            results = results if operation.multiple_results else [results]
        known |= dict(zip(line.outvars, results, strict=True))
    return [*map(read, program.outvars)]


def order_of_use(program: ClosedJaxpr | Jaxpr, inputs: Sequence[Any]) -> Iterator[Any]:
    """Whichever of the inputs each operation uses, in order; given as what stands for each."""
    program, _ = opened(program)
    known = dict(zip(program.invars, inputs, strict=True))
    for line in program.eqns:
        used = [None if isinstance(atom, Literal) else known.get(atom) for atom in line.invars]
        inner = _called(line)
        if inner is not None:
            yield from order_of_use(inner, used)
        else:
            yield from (one for one in used if one is not None)


def _called(line: Any) -> ClosedJaxpr | Jaxpr | None:
    """The program that an operation is a mere call of."""
    return line.params[_CALLS[line.primitive.name]] if line.primitive.name in _CALLS else None


def _programs_in(line: Any) -> Iterator[ClosedJaxpr | Jaxpr]:
    """The programs among the settings of an operation."""
    for setting in line.params.values():
        for item in setting if isinstance(setting, tuple | list) else (setting,):
            if isinstance(item, ClosedJaxpr | Jaxpr):
                yield item
