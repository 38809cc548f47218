"""The formula of every activation in mpmath, independent of the code under test.

It is what the tests and the accuracy table compare with. The formulas are the plain textbook ones:
the precision is high enough for what cancels.
"""

import functools
from collections.abc import Callable

import mpmath
from mpmath import atan, cos, erf, exp, expm1, log, log1p, mpf, sign, sin, sqrt, tanh

from acts_jax.activations.catalogue import get
from acts_jax.suggestion import suggest

# x - tanh(x) at the smallest normal float32 number loses 253 bits.
PRECISION = 320


def names() -> list[str]:
    """The names of the activations that have a reference formula, sorted."""
    return sorted(_formulas())


def value(name: str, x, /, **parameters) -> mpf:
    """f(x) to at least 60 bits.

    Args:
        name: a name in the catalogue.
        x: a finite number inside the domain; floats are taken as they are.
        **parameters: values of its parameters, the catalogue's defaults for the others.

    Raises:
        ValueError: if there is no formula of that name.
    """
    f = _bound(name, parameters)
    with mpmath.workprec(PRECISION):
        return f(mpf(x))


def derivative(name: str, x, order: int = 1, /, **parameters) -> mpf:
    """The derivative of an order at x, which is no kink; see `value`."""
    f = _bound(name, parameters)
    if order == 0:
        return value(name, x, **parameters)
    with mpmath.workprec(PRECISION if order == 1 else PRECISION // 2):
        return mpmath.diff(f, mpf(x), order)


def derivatives(name: str, x, order: int, /, **parameters) -> list[mpf]:
    """[f(x), f'(x), ...] up to an order, at once; see `value`."""
    f = _bound(name, parameters)
    with mpmath.workprec(PRECISION if order < 3 else PRECISION // 2):
        terms = mpmath.diffs(f, mpf(x), order)
        return [term for _, term in zip(range(order + 1), terms, strict=False)]


def by_parameter(name: str, x, key: str, /, **parameters) -> mpf:
    """The derivative of f(x) by the parameter `key`; see `value`."""
    parameters = {**get(name).defaults, **parameters}
    with mpmath.workprec(PRECISION // 2):
        centre = mpf(parameters[key])
        return mpmath.diff(lambda p: _bound(name, {**parameters, key: p})(mpf(x)), centre)


def _bound(name: str, parameters) -> Callable:
    formulas = _formulas()
    if name not in formulas:
        raise ValueError(f"There is no reference formula {name!r}" + suggest(name, formulas))
    values = {**get(name).defaults, **parameters}
    values = {key: mpf(number) for key, number in values.items()}
    return functools.partial(formulas[name], **values)


@functools.cache
def _formulas() -> dict[str, Callable]:
    zero, one = mpf(0), mpf(1)

    def sigmoid(x):
        return 1 / (1 + exp(-x))

    def normal(x):
        return mpmath.erfc(-x / sqrt(mpf(2))) / 2

    def clip(x, low, high):
        return min(max(x, mpf(low)), mpf(high))

    def softplus(x):
        return log1p(exp(x))

    def gelu(x):
        return x * normal(x)

    def elu(x, alpha):
        return x if x > 0 else alpha * expm1(x)

    def isru(x, alpha):
        return x / sqrt(1 + alpha * x**2)

    def leaky(x, slope):
        return x if x > 0 else slope * x

    def smelu(x, beta):
        return zero if x <= -beta else x if x >= beta else (x + beta) ** 2 / (4 * beta)

    def soft_clipping(x, alpha):
        return log1p(expm1(alpha) * exp(alpha * (x - 1)) / (1 + exp(alpha * (x - 1)))) / alpha

    def srelu(x, left_threshold, left_slope, right_threshold, right_slope):
        if x <= left_threshold:
            return left_threshold + left_slope * (x - left_threshold)
        if x >= right_threshold:
            return right_threshold + right_slope * (x - right_threshold)
        return x

    def rational(x, p0, p1, p2, p3, q1, q2):
        return (p0 + p1 * x + p2 * x**2 + p3 * x**3) / (1 + abs(q1 * x + q2 * x**2))

    def squareplus(x, b):
        root = sqrt(x**2 + b)
        return (x + root) / 2 if x > 0 else b / (2 * (root - x))

    return {
        "a_relu": lambda x, k, n: k * x**n if x > 0 else zero,
        "algebraic": lambda x, k: x / (1 + abs(x) ** k) ** (1 / k),
        "arctan": atan,
        "aria2": lambda x, alpha, beta: x * sigmoid(beta * x) ** alpha,
        "bent_identity": lambda x: (sqrt(x**2 + 1) - 1) / 2 + x,
        "celu": lambda x, alpha: x if x > 0 else alpha * expm1(x / alpha),
        "elish": lambda x: (x if x >= 0 else expm1(x)) * sigmoid(x),
        "elu": elu,
        "erf": erf,
        "exp": exp,
        "gaussian": lambda x: exp(-(x**2)),
        "gcu": lambda x: x * cos(x),
        "gelu": gelu,
        "gelu_tanh": lambda x: x * sigmoid(sqrt(8 / mpmath.pi) * (x + mpf("0.044715") * x**3)),
        "generalized_logistic": lambda x, alpha: sigmoid(x) ** alpha,
        "gudermannian": lambda x: 2 * atan(tanh(x / 2)),
        "hard_elish": lambda x: (x if x >= 0 else expm1(x)) * clip((x + 1) / 2, 0, 1),
        "hard_shrink": lambda x, threshold: x if abs(x) > threshold else zero,
        "hard_sigmoid": lambda x: clip(x + 3, 0, 6) / 6,
        "hard_silu": lambda x: x * clip(x + 3, 0, 6) / 6,
        "hard_tanh": lambda x: clip(x, -1, 1),
        "identity": lambda x: x,
        "isrlu": lambda x, alpha: x if x >= 0 else isru(x, alpha),
        "isru": isru,
        "leaky_relu": lambda x, negative_slope: leaky(x, negative_slope),
        "lisht": lambda x: x * tanh(x),
        "log_sigmoid": lambda x: -log1p(exp(-x)),
        "logish": lambda x: x * log1p(sigmoid(x)),
        "mish": lambda x: x * tanh(softplus(x)),
        "pelu": lambda x, alpha, beta: alpha * (x / beta if x > 0 else expm1(x / beta)),
        "phish": lambda x: x * tanh(gelu(x)),
        "prelu": leaky,
        "quick_gelu": lambda x: x * sigmoid(mpf("1.702") * x),
        "rational": rational,
        "relu": lambda x: max(x, zero),
        "relu6": lambda x: clip(x, 0, 6),
        "rrelu": lambda x, lower, upper: leaky(x, (lower + upper) / 2),
        "sbaf": lambda x, k, alpha: 1 / (1 + k * x**alpha * (1 - x) ** (1 - alpha)),
        "scaled_tanh": lambda x: mpf("1.7159") * tanh(2 * x / 3),
        "selu": lambda x: mpf("1.0507009873554805") * elu(x, mpf("1.6732632423543772")),
        "serf": lambda x: x * erf(softplus(x)),
        "sigmoid": sigmoid,
        "silu": lambda x: x * sigmoid(x),
        "sine": lambda x, frequency: sin(frequency * x),
        "smelu": smelu,
        "smish": lambda x: x * tanh(log1p(sigmoid(x))),
        "snake": lambda x, frequency: x + sin(frequency * x) ** 2 / frequency,
        "soft_clipping": soft_clipping,
        "soft_shrink": lambda x, threshold: sign(x) * max(abs(x) - threshold, zero),
        "softplus": lambda x, beta: softplus(beta * x) / beta,
        "softsign": lambda x: x / (1 + abs(x)),
        "sparse_plus": lambda x: smelu(x, one),
        "sparse_sigmoid": lambda x: clip((x + 1) / 2, 0, 1),
        "sqnl": lambda x: clip(x, -2, 2) * (1 - abs(clip(x, -2, 2)) / 4),
        "squared_relu": lambda x: max(x, zero) ** 2,
        "squareplus": squareplus,
        "srelu": srelu,
        "swish": lambda x, beta: x * sigmoid(beta * x),
        "symlog": lambda x: sign(x) * log(1 + abs(x)),
        "tanh": tanh,
        "tanh_exp": lambda x: x * tanh(exp(min(x, mpf(50)))),  # tanh is 1 from there on
        "tanh_shrink": lambda x: x - tanh(x),
        "threshold": lambda x, threshold, value: x if x > threshold else value,
    }
