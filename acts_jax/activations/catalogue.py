"""The catalogue: a record for every activation, and how to find one by name."""

import functools
import importlib
import inspect
import math
import numbers
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

import jax
from jax.typing import ArrayLike

from acts_jax.activations.importing import import_named
from acts_jax.kernels.derivatives import slope
from acts_jax.suggestion import letters, suggest
from acts_jax.words import shown

_CATALOGUE: dict[str, "Activation"] = {}
_ALIASES: dict[str, str] = {}
_ELSEWHERE = {  # what other libraries call some of them, by its letters
    "none": "identity",
    "noop": "identity",
    "lrelu": "leaky_relu",
    "hsigmoid": "hard_sigmoid",
    "hswish": "hard_silu",
    "htanh": "hard_tanh",
    "gelunew": "gelu_tanh",
    "newgelu": "gelu_tanh",
    "gelufast": "gelu_tanh",
    "geluapproximate": "gelu_tanh",
    "gelupytorchtanh": "gelu_tanh",
    "telu": "tanh_exp",
    "softmax2d": "softmax",
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of an activation: its default and the interval where it has a meaning.

    Args:
        default: the value that a call without the parameter uses; by default the one in the
            signature of the function, which its `Activation` fills in.
        low: lower end of the interval.
        high: upper end of the interval.
        closed: which finite ends belong to it: "both", "left", "right" or "neither".
    """

    default: float = math.nan
    low: float = -math.inf
    high: float = math.inf
    closed: str = "both"

    def __contains__(self, value: float) -> bool:
        above = self.low <= value if self.closed in ("both", "left") else self.low < value
        below = value <= self.high if self.closed in ("both", "right") else value < self.high
        return math.isfinite(value) and above and below

    @property
    def interval(self) -> str:
        """The interval in mathematical notation, such as "(0, inf)"."""
        left = "[" if self.closed in ("both", "left") and math.isfinite(self.low) else "("
        right = "]" if self.closed in ("both", "right") and math.isfinite(self.high) else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"


POSITIVE, NOT_NEGATIVE = Parameter(low=0, closed="neither"), Parameter(low=0)


@dataclass(frozen=True)
class Activation:
    r"""An entry of the catalogue: a pure function and what is known about it.

    Attributes:
        name: the name in the catalogue, or "package.module:function".
        function: `function(x, **parameters)`, pure; traceable in x and in every parameter. Its
            attribute `formula`, if it has one, is the formula that a kernel computes.
        parameters: name -> `Parameter`, in the order of the function's arguments.
        learned: the parameters that a network layer trains unless told otherwise.
        formula: LaTeX, without dollar signs: by default what the first `math` block of the
            function's docstring says f(x) is, up to a `\qquad`.
        domain: the closed interval on which the function is real and defined.
        range: infimum and supremum over the domain, at the default parameters.
        kinks: points where the function or its first derivative jumps, at the default parameters.
        moved_kinks: a function of the parameters that gives the points where either may jump;
            None if they are `kinks` whatever the parameters.
        family: the module of this package that defines it, such as "rectified", or "user".
        reference: the paper or book it comes from.
        elementwise: False for whole-vector functions such as softmax.
        shape_preserving: False for whole-vector functions that change the last axis, such as glu:
            they may stand where a network makes it the wider for them, as `ViT` does.
        aliases: other names under which `get` finds it.
    """

    name: str
    function: Callable[..., jax.Array]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    learned: tuple[str, ...] = ()
    formula: str = ""
    domain: tuple[float, float] = (-math.inf, math.inf)
    range: tuple[float, float] = (-math.inf, math.inf)
    kinks: tuple[float, ...] = ()
    moved_kinks: Callable[..., tuple[Any, ...]] | None = None
    family: str = ""
    reference: str = ""
    elementwise: bool = True
    shape_preserving: bool = True
    aliases: tuple[str, ...] = ()

    def __post_init__(self):
        parameters = dict(self.parameters)
        for name, parameter in parameters.items():
            if math.isnan(parameter.default):
                read = _parameters_of(self.function)
                if name not in read:
                    raise ValueError(f"{self.name}: the parameter {name!r} has no default.")
                parameters[name] = replace(parameter, default=read[name].default)
        object.__setattr__(self, "parameters", MappingProxyType(parameters))
        for name in self.learned:
            if name not in self.parameters:
                raise ValueError(f"{self.name}: learned parameter {name!r} is not a parameter.")

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self):
        """Copies and pickles: a registered one stays the catalogue's own, found by its name."""
        if _CATALOGUE.get(self.name) is self:
            return _restored, (getattr(self.function, "__module__", __name__), self.name)
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["parameters"] = dict(self.parameters)
        return functools.partial(Activation, **values), ()

    def __call__(self, x: ArrayLike, **parameters) -> jax.Array:
        """`function(x, **parameters)`."""
        return self.function(x, **parameters)

    @property
    def defaults(self) -> dict[str, float]:
        """Name -> default value, for every parameter."""
        return {name: parameter.default for name, parameter in self.parameters.items()}

    def kinks_at(self, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        """Where the function or its first derivative may jump, for values of all parameters.

        In no order, and of the values' own kind: arrays, and traced, where they are.
        """
        return self.moved_kinks(**parameters) if self.moved_kinks else self.kinks

    def check(self, parameters: Mapping[str, Any]) -> None:
        """Check names, and the values that are Python or NumPy numbers (traced ones pass).

        Raises:
            ValueError: for an unknown name (with the nearest one), or a value outside the
                parameter's interval.
        """
        for name, value in parameters.items():
            if name not in self.parameters:
                raise ValueError(
                    f"{self.name} has no parameter {shown(name)}" + suggest(name, self.parameters)
                )
            parameter = self.parameters[name]
            if isinstance(value, numbers.Real) and float(value) not in parameter:
                raise ValueError(
                    f"{self.name}: {name} must be in {parameter.interval}, got {value}."
                )

    def derivative(self, x, **parameters) -> jax.Array:
        """The elementwise first derivative f'(x), with x's shape and dtype.

        Raises:
            ValueError: if the activation is not elementwise.
        """
        self.require_slope()
        return slope(self.function, x, **parameters)

    def require_slope(self) -> None:
        """Raise ValueError, saying what to use, for a whole-vector function: it has no f'(x)."""
        if not self.elementwise:
            raise ValueError(
                f"{self.name} acts on whole vectors: it has no elementwise derivative; "
                "jax.jacobian has the derivative of every output by every input."
            )


def register(function: Callable | None = None, /, **metadata) -> Callable:
    """Add a function to the catalogue; usable as `@register` or `@register(learned=..., ...)`.

    Args:
        function: `function(x, **parameters)`, pure.
        **metadata: fields of `Activation`; the name defaults to the function's, the parameters
            to its numeric defaults, formula and family as `Activation` says.

    Returns:
        The function; if it has parameters, behind a check that raises ValueError for a Python
        or NumPy number outside the parameter's interval, as its docstring then says.

    Raises:
        ValueError: if the name or an alias is taken, by other than an earlier definition of the
            same function: a module may be reloaded, and a cell of a notebook run again.
    """
    if function is None:
        return functools.partial(register, **metadata)
    name = metadata.pop("name", function.__name__)
    parameters = metadata.pop("parameters", None)
    if parameters is None:
        parameters = _parameters_of(function)
    if parameters:
        function = _checked(function, name, parameters)
    derived = {"formula": _latex_of(function), "family": _family_of(function)}
    activation = Activation(
        name=name, function=function, parameters=parameters, **{**derived, **metadata}
    )
    again = name in _CATALOGUE and _defined_as(_CATALOGUE[name].function) == _defined_as(function)
    for key in (name, *activation.aliases):
        taken = key in _CATALOGUE or key in _ALIASES
        if taken and not (again and _ALIASES.get(key, key) == name):
            raise ValueError(f"The activation name {key!r} is taken; choose another.")
    _CATALOGUE[name] = activation
    _ALIASES.update(dict.fromkeys(activation.aliases, name))
    return function


def get(activation: "str | Activation | Callable") -> Activation:
    """Find an activation.

    Args:
        activation: a name or alias of the catalogue; "package.module:function" for a function of
            your own, or an `Activation` that a module has under that name; a callable; or an
            `Activation`, which is returned as it is.

    Raises:
        ValueError: if there is no such activation; the message names the nearest.
    """
    if isinstance(activation, Activation):
        return activation
    if callable(activation):
        return _of_callable(activation)
    if not isinstance(activation, str):
        word = activation.decode("latin1") if isinstance(activation, bytes) else shown(activation)
        raise ValueError(
            f"An activation is a name, a function or an Activation, not {shown(activation)}"
            + _nearest(word)
        )
    if ":" in activation:
        found = import_named(activation)
        if isinstance(found, Activation):
            return replace(found, name=activation)
        return _of_callable(found, activation)
    name = _ALIASES.get(activation, activation)
    if name not in _CATALOGUE:
        suggestion, own = _nearest(activation), "package.module:function"
        if "." in activation:
            own = ":".join(activation.rsplit(".", 1))
        if "." in activation or suggestion == ".":
            suggestion = f"; a function of your own reads {shown(own)}."
        raise ValueError(f"There is no activation {shown(activation)}" + suggestion)
    return _CATALOGUE[name]


def registered(function: Callable) -> Activation | None:
    """The catalogue's record of a function; None if it has none."""
    return next((entry for entry in _CATALOGUE.values() if entry.function is function), None)


def _nearest(word: str) -> str:
    """The end of a sentence about what is no activation's name."""
    if ours := _ELSEWHERE.get(letters(word)):
        return f"; did you mean {ours!r}?"
    return suggest(word[:60], [*_CATALOGUE, *_ALIASES])


def names(elementwise: bool | None = None) -> list[str]:
    """The names in the catalogue, sorted; only the elementwise (or other) ones if asked."""
    return sorted(
        name
        for name, activation in _CATALOGUE.items()
        if elementwise is None or activation.elementwise == elementwise
    )


def _defined_as(function: Callable) -> tuple[str, str]:
    """Where the source defines a function: its module and its name there."""
    return getattr(function, "__module__", ""), getattr(function, "__qualname__", repr(function))


def _checked(function: Callable, name: str, parameters: Mapping[str, Parameter]) -> Callable:
    """The function behind a check of the parameters that are plain numbers."""

    @functools.wraps(function)
    def checked(x, *args, **kwargs):
        for key, value in (*zip(parameters, args, strict=False), *kwargs.items()):
            if isinstance(value, numbers.Real) and key in parameters:
                _CATALOGUE[name].check({key: value})
        return function(x, *args, **kwargs)

    bounded = [f"{key} {p.interval}" for key, p in parameters.items() if p != Parameter(p.default)]
    if bounded and function.__doc__:
        raised = f"ValueError: for a plain number outside its interval: {', '.join(bounded)}."
        checked.__doc__ = f"{inspect.cleandoc(function.__doc__)}\n\nRaises:\n    {raised}\n"
    return checked


def _restored(module: str, name: str) -> Activation:
    """A registered activation of another process, once its module is imported here."""
    importlib.import_module(module)
    return _CATALOGUE[name]


def _of_callable(function: Callable, name: str | None = None) -> Activation:
    """The record of a registered function, or a new one for a function of the user's."""
    if inspect.isclass(function):
        raise ValueError(
            f"{name or function.__qualname__} is a class: an activation is a function, or an "
            "instance that can be called."
        )
    if (activation := registered(function)) is not None:
        return activation
    if name is None:
        qualified = getattr(function, "__qualname__", type(function).__name__)
        name = f"{getattr(function, '__module__', '__main__')}:{qualified}"
    return Activation(
        name=name,
        function=function,
        parameters=_parameters_of(function),
        formula=_latex_of(function),
        family="user",
    )


def _parameters_of(function: Callable) -> dict[str, Parameter]:
    """Every argument after the first that has a number as its default, but for an axis."""
    try:
        arguments = list(inspect.signature(function).parameters.values())[1:]
    except (TypeError, ValueError):
        raise ValueError(
            f"{shown(function)} has arguments that Python cannot tell; write a function around it"
        ) from None
    return {
        argument.name: Parameter(float(argument.default))
        for argument in arguments
        if isinstance(argument.default, numbers.Real)
        and not isinstance(argument.default, bool)
        and argument.name != "axis"
    }


def _latex_of(function: Callable) -> str:
    """What the first math block of the docstring says f(x) is; see `Activation.formula`."""
    block = re.search(r"\.\. math::(.*?)(?:\n\s*\n|$)", function.__doc__ or "", flags=re.DOTALL)
    latex = " ".join(block[1].split()) if block else ""
    latex = re.sub(r"^\\?\w+(\([^()]*\))?(_\w+)? = ", "", latex)
    return latex.partition(r"\qquad")[0].rstrip(" ,")


def _family_of(function: Callable) -> str:
    """The module of this package that defines a function, or "user"."""
    package, _, module = getattr(function, "__module__", "").rpartition(".")
    return module if package == __package__ else "user"
