"""The digest of an activation: what a network computes with it, in 64 hexadecimal digits."""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Var

from acts_jax.activations.catalogue import Activation

# Calls that compute what their program does, and the parameter that holds it.
_CALLS = {
    "remat2": "jaxpr",
    "closed_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "jit": "jaxpr",
}


def of(activation: Activation) -> str:
    """The SHA-256 of the programs that jax traces: the function's and its gradient's.

    It changes with the function, its derivative rules, whatever helper they call, each constant in
    them, and the domain that networks keep to; not with names, comments, the order of lines, or
    what is computed for nothing. It is the same in every process and on every Python, and for
    formulas without loops and derivatives of jax's own mostly on every version of jax, too. What a
    callback to Python does is not part of it.

    Args:
        activation: One that `acceptance.accept` has accepted.
    """
    x = jax.ShapeDtypeStruct((2, 3), jnp.float32)
    parameters = dict.fromkeys(activation.parameters, jax.ShapeDtypeStruct((), jnp.float32))

    def value(x, parameters):
        return activation(x, **parameters)

    def gradient(x, parameters):
        out, pullback = jax.vjp(value, x, parameters)
        return pullback(jnp.ones_like(out))

    known = sorted(parameters), activation.domain, activation.elementwise
    programs = [_text(jax.make_jaxpr(value)(x, parameters))]
    try:
        programs.append(_text(jax.make_jaxpr(gradient)(x, parameters)))
    except Exception as error:  # what cannot be differentiated fails when it is trained
        programs.append(type(error).__name__)
    return _hash(known, programs)


def of_function(function: Callable, *arguments: Any) -> str:
    """The SHA-256 of the program that jax traces of a function, as of an activation's.

    Args:
        function: Of arrays.
        *arguments: Arrays, shapes of some, or trees of these.
    """
    return _hash(_text(jax.make_jaxpr(function)(*arguments)))


def _outputs(program: Jaxpr | ClosedJaxpr, inputs: Sequence[str]) -> list[str]:
    """The digests of a program's outputs, from those of its inputs.

    That of a result is made of the operation's and those of its arguments. So neither names nor
    the order of independent lines are in it, and nothing that no output needs.
    """
    program, constants = opened(program)
    known: dict[Var, str] = dict(zip(program.constvars, map(_value, constants), strict=True))
    known |= dict(zip(program.invars, inputs, strict=True))

    def read(atom: Var | Literal) -> str:
        return _value(atom.val) if isinstance(atom, Literal) else known[atom]

    for line in program.eqns:
        arguments, name = [*map(read, line.invars)], line.primitive.name
        if name in _CALLS:
            results = _outputs(line.params[_CALLS[name]], arguments)
        else:
            # Versions of jax differ in what they add as None, and in marks of weak types.
            settings = {k: _text(v) for k, v in sorted(line.params.items()) if v is not None}
            settings.pop("weak_type", None)
            operation = _hash(name, settings, arguments)
            results = [_hash(operation, i) for i in range(len(line.outvars))]
        known |= dict(zip(line.outvars, results, strict=True))
    return [*map(read, program.outvars)]


def opened(program: Jaxpr | ClosedJaxpr) -> tuple[Jaxpr, Sequence[Any]]:
    """A program and the values of its constants."""
    if isinstance(program, ClosedJaxpr):
        return program.jaxpr, program.consts
    return program, ()


def _text(setting: Any) -> Any:
    """A setting of an operation, without what differs from one process to the next."""
    if isinstance(setting, (Jaxpr, ClosedJaxpr)):
        return _outputs(setting, [f"input {i}" for i in range(len(opened(setting)[0].invars))])
    if isinstance(setting, (tuple, list)):
        return [_text(item) for item in setting]
    if callable(setting) and not isinstance(setting, type):
        return type(setting).__name__
    return re.sub(r"0x[0-9a-f]+", "", str(setting))


def _value(value: Any) -> str:
    """The digest of a constant."""
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    array = np.asarray(value)
    return _hash(str(array.dtype), array.shape, array.tobytes())


def _hash(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
