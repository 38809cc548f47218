"""The same activations in jax.nn and in PyTorch, to measure ours beside them."""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax.activations.catalogue import Activation, get, names
from acts_jax.activations.derivative import derivative

LIBRARIES = ("acts_jax", "jax.nn", "torch")
# Measured by what they give the first of two logits, the other being 0: these functions of it.
READOUTS = MappingProxyType({"softmax": "sigmoid", "log_softmax": "log_sigmoid"})
_PADDED = 2**18  # JAX compiles one program for all shorter arrays
Evaluate = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@functools.cache
def jax_nn() -> Mapping[str, Callable]:
    """Name of our activation -> jax.nn's function of x, with our default parameters.

    Where jax.nn has none: jax.numpy's or jax.scipy's function that users write instead.
    """
    nn = jax.nn
    same = {name: getattr(nn, name) for name in names(elementwise=True) if hasattr(nn, name)}
    others = {
        "arctan": jnp.arctan,
        "erf": jax.scipy.special.erf,
        "exp": jnp.exp,
        "gelu": functools.partial(nn.gelu, approximate=False),
        "gelu_tanh": functools.partial(nn.gelu, approximate=True),
        "sine": jnp.sin,
        "softsign": nn.soft_sign,
    }
    readouts = {name: _of_two_logits(getattr(nn, name)) for name in READOUTS}
    return MappingProxyType(same | others | readouts)


def _of_two_logits(function):
    return lambda x: function(jnp.stack([x, jnp.zeros_like(x)], axis=-1))[..., 0]


@functools.cache
def torch_functional() -> Mapping[str, Callable]:
    """Name of our activation -> PyTorch's function of x, with our default parameters.

    Empty if PyTorch is not installed.
    """
    try:
        import torch
        from torch.nn import functional
    except ModuleNotFoundError:
        return MappingProxyType({})
    same = ["celu", "elu", "gelu", "leaky_relu", "mish", "relu", "relu6", "rrelu"]
    same += ["selu", "silu", "softplus", "softsign"]
    others = {
        "arctan": torch.atan,
        "erf": torch.erf,
        "exp": torch.exp,
        "gelu_tanh": functools.partial(functional.gelu, approximate="tanh"),
        "hard_shrink": functional.hardshrink,
        "hard_sigmoid": functional.hardsigmoid,
        "hard_silu": functional.hardswish,
        "hard_tanh": functional.hardtanh,
        "log_sigmoid": functional.logsigmoid,
        "prelu": lambda x: functional.prelu(x, torch.tensor([0.25], dtype=x.dtype)),
        "sigmoid": torch.sigmoid,
        "sine": torch.sin,
        "soft_shrink": functional.softshrink,
        "swish": functional.silu,
        "tanh": torch.tanh,
        "tanh_shrink": functional.tanhshrink,
    }

    def of_two_logits(name):
        function = getattr(functional, name)
        return lambda x: function(torch.stack([x, torch.zeros_like(x)], dim=-1), dim=-1)[..., 0]

    readouts = {name: of_two_logits(name) for name in READOUTS}
    return MappingProxyType({name: getattr(functional, name) for name in same} | others | readouts)


def only_elementwise(activation: str | Activation | Callable) -> Activation:
    """The activation of that name, which is to be compared at single inputs.

    Raises:
        ValueError: if there is none, or it is not elementwise.
    """
    activation = get(activation)
    if not activation.elementwise:
        raise ValueError(f"{activation.name} acts on whole vectors, not on single numbers.")
    return activation


def measurable(activation: str | Activation | Callable) -> Activation:
    """As `only_elementwise`; of `READOUTS` the function of the first of two logits."""
    activation = get(activation)
    if activation.name in READOUTS and not activation.elementwise:
        return Activation(name=activation.name, function=_of_two_logits(activation.function))
    return only_elementwise(activation)


def function_of(activation: Activation, library: str) -> Callable | None:
    """The library's function of x, an array of its own kind; None if it has none."""
    if library == "acts_jax":
        return activation
    table = jax_nn() if library == "jax.nn" else torch_functional()
    return table.get(activation.name)


def evaluator(activation: Activation, library: str, dtype: str) -> Evaluate | None:
    """x -> (f, f') in a library, over NumPy arrays of that dtype; None if it has no such f.

    In JAX both are compiled as one program; in PyTorch f' comes from autograd.
    """
    function = function_of(activation, library)
    if function is None:
        return None
    if library == "torch":
        return functools.partial(_evaluate_torch, function)
    double = dtype == "float64"
    compiled = jax.jit(lambda x: (function(x), derivative(function)(x)))

    def evaluate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        padded = np.full(-(-len(x) // _PADDED) * _PADDED, 0.5, x.dtype)
        padded[: len(x)] = x
        with jax.enable_x64(double):
            value, slope = compiled(padded)
        return np.asarray(value)[: len(x)], np.asarray(slope)[: len(x)]

    return evaluate


def _evaluate_torch(function, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import torch

    bits = np.dtype(f"int{8 * x.dtype.itemsize}")
    point = torch.from_numpy(x.view(bits).copy()).view(getattr(torch, x.dtype.name))
    point.requires_grad_()
    value = function(point)
    (slope,) = torch.autograd.grad(value, point, torch.ones_like(value))
    narrow = getattr(torch, bits.name)
    return tuple(
        result.detach().contiguous().view(narrow).numpy().view(x.dtype) for result in (value, slope)
    )
