"""The error of activations and their derivatives in ULP, against mpmath."""

import math
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax.activations.catalogue import Activation, get
from acts_jax.activations.derivative import derivative
from acts_jax.machine import cores
from acts_jax.precision import reference
from acts_jax.precision.counterparts import LIBRARIES, READOUTS, evaluator, measurable
from acts_jax.precision.tabulation import Table, tabulate

DTYPES = ("float32", "bfloat16", "float16", "float64")
_CHUNK = 2**18  # inputs evaluated at once
_CANDIDATES = 8  # inputs per chunk whose errors are computed again, from mpmath
PROMISED = 4  # multiples of ulp(result) + eps |x d(result)/dx|, for f and f' in float32
_DIRECT = 256  # inputs per chunk where mpmath stands in for a table that knows no value
_HUGE = 1e300  # overflows in every dtype that has tables
# XLA reads subnormal inputs as 0 on a CPU; the numerical derivatives of `precision.reference`
# resolve no smaller numbers in float64, mpmath's erfc takes no larger ones.
_SIZES = {"float64": (1e-30, 1e75)}
_NORMAL = (float(np.finfo(np.float32).tiny), math.inf)


def ulp_error(got: np.ndarray, true: np.ndarray, low: np.ndarray | float = 0.0) -> np.ndarray:
    """The distance to the true value, in units of the last place of its correct rounding.

    NaN for a number, or a number for NaN, is an infinite error; so is a wrong infinity, unless
    the other value is in the last binade before overflow. 0 for a true value below the smallest
    normal number is right: arithmetic may flush it.

    Args:
        got: Results, of the dtype whose last place counts.
        true: True values, float64.
        low: What float64 lacks of the true value: it is true + low.

    Returns:
        float64, of got's shape, 0 or more.
    """
    info = jnp.finfo(got.dtype)
    largest = float(info.max)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = true.astype(got.dtype).astype(np.float64)
        ours = got.astype(np.float64)
        difference = np.clip(ours, -largest, largest) - np.clip(true, -largest, largest)
        error = np.abs(difference - low) / _ulp(np.clip(rounded, -largest, largest), got.dtype)
    overflows = (np.isinf(ours) | np.isinf(rounded)) & (ours != rounded)
    error = np.where(overflows & (error > 2.0**info.nmant), np.inf, error + overflows)
    error = np.where(np.isnan(ours) | np.isnan(true), np.inf, error)
    flushed = (ours == 0) & (np.abs(true) < float(info.tiny))
    return np.where(flushed | (np.isnan(ours) & np.isnan(true)), 0.0, error)


def mixed_error(
    error: np.ndarray, true: np.ndarray, slope: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """The error as a multiple of ulp(result) + eps |x d(result)/dx|: at most `PROMISED`.

    The second term is what rounding x itself does, so that roots and steep points are fair.
    True values below the smallest normal number are outside the promise: 0 there.

    Args:
        error: As `ulp_error` gives it.
        true: True values, float64.
        slope: Derivatives of the true values by x, float64.
        x: Inputs, of the dtype whose last place counts.
    """
    info = jnp.finfo(x.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.clip(true, -float(info.max), float(info.max)).astype(x.dtype)
        shift = float(info.eps) * np.abs(x.astype(np.float64) * np.nan_to_num(slope))
        result = error / (1 + shift / _ulp(rounded.astype(np.float64), x.dtype))
    result = np.where(np.isinf(error), np.inf, result)
    return np.where(np.abs(true) < float(info.tiny), 0.0, result)


def _ulp(value: np.ndarray, dtype) -> np.ndarray:
    if dtype == np.float32:  # the same, ten times faster
        below_overflow = np.minimum(np.abs(value).astype(np.float32), np.float32(2.0**127))
        return np.spacing(below_overflow).astype(np.float64)
    info = jnp.finfo(dtype)
    exponent = np.where(value == 0, info.minexp, np.frexp(value)[1] - 1)
    return np.ldexp(1.0, np.maximum(exponent, info.minexp) - info.nmant)


def stratified(dtype: str, count: int, near: tuple[float, ...] = (0.0,)) -> np.ndarray:
    """Finite inputs of either sign over every exponent, denser where activations bend.

    Half of them are spread evenly over the exponents, subnormal numbers included; the other half
    over sizes from 0.001 to 120, and the neighbours of the points named.

    Args:
        dtype: A name of `DTYPES`; all inputs of a 16-bit dtype are taken, whatever the count.
        count: About how many.
        near: Points whose neighbourhood is to be dense, such as kinks.

    Returns:
        [n] of that dtype, ascending; -0 before 0.
    """
    dtype = jnp.dtype(dtype)
    unsigned = np.dtype(f"uint{8 * dtype.itemsize}")
    if dtype.itemsize == 2:
        return ascending(np.arange(2**16, dtype=unsigned).view(dtype))
    info, rng = jnp.finfo(dtype), np.random.default_rng(0)
    exponents = np.arange(2**info.nexp - 1, dtype=unsigned) << info.nmant
    each = max(2, count // (4 * len(exponents)))
    mantissas = rng.integers(0, 2**info.nmant, (len(exponents), each), dtype=unsigned)
    mantissas[:, 0], mantissas[:, 1] = 0, 2**info.nmant - 1
    over_exponents = (exponents[:, None] | mantissas).ravel().view(dtype)
    bends = np.exp(rng.uniform(np.log(1e-3), np.log(120), max(1, count // 8)))
    evenly = rng.uniform(0, 120, max(1, count // 8))
    sizes = np.concatenate([over_exponents, bends.astype(dtype), evenly.astype(dtype)])
    around = [_neighbours(np.array(abs(point), dtype)) for point in near]
    both = np.concatenate([sizes, *around])
    return ascending(np.concatenate([both, -both]))


def _neighbours(point: np.ndarray, count: int = 64) -> np.ndarray:
    """The numbers of one sign whose bit patterns are next to the point's."""
    bits = point.view(f"int{8 * point.dtype.itemsize}")
    steps = np.arange(-min(count, int(bits)), count + 1, dtype=bits.dtype)
    return (bits + steps).view(point.dtype)


def every_float32(chunk: int = 2**22) -> Iterator[np.ndarray]:
    """All finite float32 inputs, in ascending arrays."""
    for start in range(0, 2**32, chunk):
        x = np.arange(start, start + chunk, dtype=np.uint32).view(np.float32)
        x = x if start < 2**31 else x[::-1]  # the patterns of negative numbers descend
        yield x[np.isfinite(x)]


def ascending(x: np.ndarray) -> np.ndarray:
    """The finite numbers of x in order, each bit pattern once."""
    with np.errstate(invalid="ignore"):  # a signalling NaN
        finite = x[np.isfinite(x)]
    bits = np.unique(finite.view(f"uint{8 * x.dtype.itemsize}"))
    x = bits.view(x.dtype)  # those without a sign come first, and either kind by size
    return np.concatenate([x[np.signbit(x)][::-1], x[~np.signbit(x)]])


class Mpmath:
    """True values of a catalogue entry: `acts_jax.precision.reference`, tabulated or one by one."""

    name = "mpmath"

    def __init__(self, name: str, dtype: str, tables: tuple[Table, Table] | None = None):
        self._name, self._tables = READOUTS.get(name, name), tables
        self._parameters = _parameters(name, dtype)
        self._jets: dict[float, list[tuple[float, float]]] = {}

    def exact(self, order: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The derivative of an order at float64 x, as float64 and what that lacks."""
        if self._tables is None:
            pairs = [self._jet(value)[order] for value in x]
        else:
            pairs = [_exact(self._name, order, value, self._parameters) for value in x]
        return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])

    def _jet(self, x: float) -> list[tuple[float, float]]:
        # all orders at once, since mpmath takes milliseconds
        if x not in self._jets:
            terms = reference.derivatives(self._name, x, 2, **self._parameters)
            self._jets[x] = [_pair(term) for term in terms]
        return self._jets[x]

    def true(self, order: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The derivative of an order at float64 x, what float64 lacks of it, and its derivative.

        NaN where the table does not know the value, and mpmath would take too long.
        """
        if self._tables is None:
            value, low = self.exact(order, x)
            if order:  # lost to the rounding errors of a difference quotient
                lost = np.abs(value) < 2.0**-240 * np.abs(self.exact(order - 1, x)[0])
                value[lost] = math.nan
            return value, low, self.exact(order + 1, x)[0]
        value, slope = self._tables[order](x)
        unknown = np.flatnonzero(np.isnan(value))
        if len(unknown) > _DIRECT:
            unknown = np.random.default_rng(0).choice(unknown, _DIRECT, replace=False)
        value[unknown] = self.exact(order, x[unknown])[0]
        bare = unknown[np.isnan(slope[unknown])]
        slope[bare] = self.exact(order + 1, x[bare])[0]
        return value, np.zeros(len(x)), slope


class Itself:
    """For a function without a reference: its own float64 evaluation."""

    name = "its own float64"

    def __init__(self, activation: Activation):
        self._activation = activation

    def exact(self, order: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Mpmath.exact`."""
        with jax.enable_x64(True):
            value = np.asarray(jax.jit(derivative(self._activation, order))(x), np.float64)
        return value, np.zeros(len(x))

    def true(self, order: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `Mpmath.true`."""
        return *self.exact(order, x), self.exact(order + 1, x)[0]


def has_reference(name: str) -> bool:
    """Whether mpmath knows the true values of what has this name."""
    return READOUTS.get(name, name) in reference.names()


def _parameters(name: str, dtype: str) -> dict[str, float]:
    """The defaults as the function computes with them: float32, unless x is float64."""
    width = np.float64 if dtype == "float64" else np.float32
    return {key: float(width(value)) for key, value in get(name).defaults.items()}


def _exact(name: str, order: int, x: float, parameters: dict[str, float]) -> tuple[float, float]:
    return _pair(reference.derivative(name, x, order, **parameters))


def _pair(true) -> tuple[float, float]:
    """An mpmath number as float64 and what that lacks."""
    if hasattr(true, "_mpc_"):  # a difference quotient reached out of the domain
        return math.nan, 0.0
    value = float(true)
    return value, float(true - value) if math.isfinite(value) else 0.0


def tables(name: str) -> tuple[Table, Table]:
    """f and f' of a catalogue entry, its parameters float32, from mpmath: about a second."""
    name = READOUTS.get(name, name)
    activation, parameters = get(name), _parameters(name, "float32")

    def function(order: int) -> Callable[[float], float]:
        return lambda x: min(max(_exact(name, order, x, parameters)[0], -_HUGE), _HUGE)

    breaks = (0.0, *activation.kinks)
    return tuple(tabulate(function(order), breaks, activation.domain) for order in (0, 1))


def tables_of(names: Sequence[str]) -> Iterator[tuple[str, tuple[Table, Table]]]:
    """(name, `tables` of it) for each name, in order, made by as many processes as cores."""
    if len(names) < 2:
        yield from ((name, tables(name)) for name in names)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores(), mp_context=context) as pool:
        yield from zip(names, pool.map(tables, names), strict=True)


@dataclass
class Error:
    """The worst of f, or of f', in one library.

    Attributes:
        activation: Its name.
        library: One of `LIBRARIES`.
        order: 0 for f, 1 for f'.
        ulp: The largest error in ULP; `at` which input, where the library `got` this for the
            `true` value.
        mixed: The largest multiple of ulp(result) + eps |x d(result)/dx|, of which the promise
            is `PROMISED`, over the results that are normal numbers; `mixed_at` which input.
        inputs: How many inputs were compared.
        reference: Where the true values come from.
    """

    activation: str
    library: str
    order: int
    reference: str
    ulp: float = -1.0
    at: float = math.nan
    got: float = math.nan
    true: float = math.nan
    mixed: float = -1.0
    mixed_at: float = math.nan
    inputs: int = 0

    def update(self, x, got, true, low, slope) -> None:
        """Take these results into account; all [n], x and got of the dtype measured."""
        error = ulp_error(got, true, low)
        mixed = mixed_error(error, true, slope, x)
        for i in {int(np.argmax(error)), int(np.argmax(mixed))} if len(x) else ():
            if error[i] > self.ulp:
                self.ulp, self.at = float(error[i]), float(x[i])
                self.got, self.true = float(got[i]), float(true[i])
            if mixed[i] > self.mixed:
                self.mixed, self.mixed_at = float(mixed[i]), float(x[i])


def largest_errors(
    activation: str | Activation | Callable,
    dtype: str = "float32",
    inputs: Iterable[np.ndarray] | int = 2**18,
    tabulated: tuple[Table, Table] | None = None,
    libraries: Iterable[str] = LIBRARIES,
) -> list[Error]:
    """The largest errors of f and f' over finite inputs, beside jax.nn and PyTorch.

    Where f' jumps any value between its sides is right, so kinks count for f only; so does 0,
    where many a reference is numerically differentiated across a corner. Subnormal
    float32 inputs are left out, since XLA reads them as 0 on a CPU. A function without a formula
    in `acts_jax.precision.reference` is compared with its own float64 evaluation. softmax and
    log_softmax are measured at the first of two logits, see `counterparts.READOUTS`.

    Args:
        activation: What `acts_jax.get` takes; at its default parameters.
        dtype: One of `DTYPES`; float64 is compared with mpmath one by one.
        inputs: How many, spread by `stratified`; or ascending arrays of finite inputs.
        tabulated: What `tables` gives, if it is at hand.
        libraries: Which to measure; those that lack the function are left out.

    Returns:
        An `Error` for f and one for f' of each library.

    Raises:
        ValueError: for an activation that does not exist, or is neither elementwise nor a readout.
        ArithmeticError: if a table disagrees with mpmath.
    """
    activation = measurable(activation)
    if not has_reference(activation.name):
        truth = Itself(activation)
    elif dtype == "float64":
        truth = Mpmath(activation.name, dtype)
    else:
        truth = Mpmath(activation.name, dtype, tabulated or tables(activation.name))
    if isinstance(inputs, int):
        inputs = [stratified(dtype, inputs, near=(0.0, *activation.kinks))]
    evaluators = {library: evaluator(activation, library, dtype) for library in libraries}
    evaluators = {library: evaluate for library, evaluate in evaluators.items() if evaluate}
    errors = {
        (library, order): Error(activation.name, library, order, truth.name)
        for library in evaluators
        for order in (0, 1)
    }
    for array in inputs:
        for start in range(0, len(array), _CHUNK):
            x = _inside(array[start : start + _CHUNK], activation, dtype)
            _compare(x, activation, truth, evaluators, errors)
    return list(errors.values())


def _inside(x: np.ndarray, activation: Activation, dtype: str) -> np.ndarray:
    low, high = activation.domain
    smallest, largest = _SIZES.get(dtype, _NORMAL)
    size = np.abs(x)
    measured = ((size >= smallest) & (size <= largest)) | (size == 0)
    return x[measured & (low <= x) & (x <= high)]


def _compare(x, activation, truth, evaluators, errors) -> None:
    """Update the errors by those at x, ascending."""
    results = {library: evaluate(x) for library, evaluate in evaluators.items()}
    wide = x.astype(np.float64)
    for order in (0, 1):
        corners = [0.0, *activation.kinks, *activation.domain] if order else []
        true, low, slope = truth.true(order, wide)
        known = np.flatnonzero(~np.isnan(true) & ~np.isin(wide, corners))
        xs, true, low, slope = x[known], true[known], low[known], slope[known]
        for library, result in results.items():
            error = errors[library, order]
            error.inputs += len(known)
            got = result[order][known]
            rough = ulp_error(got, true, low)
            mixed = mixed_error(rough, true, slope, xs)
            if not len(rough) or (rough.max() <= error.ulp and mixed.max() <= error.mixed):
                continue
            # near a root the table's own error shows: mpmath decides on the worst
            worst = np.union1d(_largest(rough), _largest(mixed))
            exact, rest = truth.exact(order, xs[worst].astype(np.float64))
            _agree(activation.name, true[worst], exact, xs[worst])
            error.update(xs[worst], got[worst], exact, rest, slope[worst])


def _largest(error: np.ndarray) -> np.ndarray:
    count = min(_CANDIDATES, len(error))
    return np.argpartition(error, len(error) - count)[-count:]


def _agree(name, tabulated, exact, x) -> None:
    with np.errstate(invalid="ignore"):
        apart = np.abs(tabulated - exact) > 1e-9 * np.abs(exact) + 2.0**-160
    if np.any(apart & (np.abs(exact) < _HUGE)):
        raise ArithmeticError(f"{name}: the table of true values is wrong at x = {x[apart][0]}.")
