"""What mathematics says of every elementwise activation, at its defaults and moved far from them.

Gains are 1 / sqrt(E[f(z)^2]) by mpmath, to 12 digits: Gauss-Legendre quadrature of its own formulas
with 40 digits, between all kinks and on every scale from 1e-5 to 13. The rest is read off the
formulas: the lines m x + b that f tends to at -inf and inf, (m, b) or None; what it is symmetric
about; and where the derivative of which order jumps (0: f itself) or is infinite.
"""

from collections.abc import Mapping
from math import log, pi
from typing import NamedTuple

ZERO, ONE, X = (0, 0), (0, 1), (1, 0)


class Known(NamedTuple):
    name: str
    parameters: Mapping[str, float]
    gain: float
    left: tuple[float, float] | None
    right: tuple[float, float] | None
    symmetry: str | tuple[str, float, float]
    kinks: Mapping[float, int]

    def __str__(self):
        return ",".join(
            [self.name, *(f"{key}={value:g}" for key, value in self.parameters.items())]
        )


KNOWN = [
    Known("a_relu", {}, 2.30236871775, ZERO, None, "", {0: 2}),
    Known("a_relu", {"k": 2.0, "n": 0.5}, 0.791616743543, ZERO, None, "", {0: 1}),
    Known("a_relu", {"k": -0.3, "n": 3.0}, 1.2171612389, ZERO, None, "", {0: 3}),
    Known("algebraic", {}, 1.70419225246, (0, -1), ONE, "odd", {}),
    Known("algebraic", {"k": 0.3}, 11.450471998, (0, -1), ONE, "odd", {0: 2}),
    Known("algebraic", {"k": 40.0}, 1.39333128037, (0, -1), ONE, "odd", {}),
    Known("arctan", {}, 1.49120761813, (0, -pi / 2), (0, pi / 2), "odd", {}),
    Known("aria2", {}, 1.56324688069, ZERO, X, "", {}),
    Known("aria2", {"alpha": 0.2, "beta": -3.0}, 1.30337969698, X, ZERO, "", {}),
    Known("aria2", {"alpha": 5.0, "beta": 60.0}, 1.4142482147, ZERO, X, "", {}),
    Known("bent_identity", {}, 0.965503508677, (1 / 2, -1 / 2), (3 / 2, -1 / 2), "", {}),
    Known("celu", {}, 1.2451983007, (0, -1.0), X, "", {0: 2}),
    Known("celu", {"alpha": 0.01}, 1.41414370305, (0, -0.01), X, "", {0: 2}),
    Known("celu", {"alpha": 30.0}, 1.01307852098, (0, -30.0), X, "", {0: 2}),
    Known("elish", {}, 1.70730200477, ZERO, X, "", {0: 2}),
    Known("elu", {}, 1.2451983007, (0, -1.0), X, "", {0: 2}),
    Known("elu", {"alpha": -2.0}, 0.962347726439, (0, 2.0), X, "", {0: 1}),
    Known("elu", {"alpha": 7.0}, 0.362682642263, (0, -7.0), X, "", {0: 1}),
    Known("erf", {}, 1.46716695049, (0, -1), ONE, "odd", {}),
    Known("exp", {}, 0.367879441171, ZERO, None, "", {}),
    Known("gaussian", {}, 1.49534878122, ZERO, ZERO, "even", {}),
    Known("gcu", {}, 1.83494864385, None, None, "odd", {}),
    Known("gelu", {}, 1.5335304412, ZERO, X, "", {}),
    Known("gelu_tanh", {}, 1.53358052167, ZERO, X, "", {}),
    Known("generalized_logistic", {}, 2.75664879535, ZERO, ONE, "", {}),
    Known("generalized_logistic", {"alpha": 0.05}, 1.04043349332, ZERO, ONE, "", {}),
    Known("generalized_logistic", {"alpha": 12.0}, 15.5418480406, ZERO, ONE, "", {}),
    Known("gudermannian", {}, 1.32845790102, (0, -pi / 2), (0, pi / 2), "odd", {}),
    Known("hard_elish", {}, 1.44738027492, ZERO, X, "", {-1: 1, 0: 2, 1: 1}),
    Known("hard_shrink", {}, 1.01579635472, X, X, "odd", {-0.5: 0, 0.5: 0}),
    Known("hard_shrink", {"threshold": 1.3}, 1.25082179751, X, X, "odd", {-1.3: 0, 1.3: 0}),
    Known("hard_shrink", {"threshold": 0.001}, 1.00000000013, X, X, "odd", {-0.001: 0, 0.001: 0}),
    Known("hard_shrink", {"threshold": 3.7}, 17.2542749063, X, X, "odd", {-3.7: 0, 3.7: 0}),
    Known("hard_sigmoid", {}, 1.89784042473, ZERO, ONE, ("point", 0, 1 / 2), {-3: 1, 3: 1}),
    Known("hard_silu", {}, 1.73665721277, ZERO, X, "", {-3: 1, 3: 1}),
    Known("hard_tanh", {}, 1.39203614045, (0, -1), ONE, "odd", {-1: 1, 1: 1}),
    Known("identity", {}, 1, X, X, "odd", {}),
    Known("isrlu", {}, 1.2197296863, (0, -1), X, "", {0: 3}),
    Known("isrlu", {"alpha": 0.001}, 1.00074711245, (0, -(0.001**-0.5)), X, "", {0: 3}),
    Known("isrlu", {"alpha": 10000.0}, 1.41414373607, (0, -(10000.0**-0.5)), X, "", {0: 3}),
    Known("isru", {}, 1.70419225246, (0, -1), ONE, "odd", {}),
    Known(
        "isru", {"alpha": 0.001}, 1.00149590193, (0, -(0.001**-0.5)), (0, 0.001**-0.5), "odd", {}
    ),
    Known(
        "isru",
        {"alpha": 10000.0},
        100.627546411,
        (0, -(10000.0**-0.5)),
        (0, 10000.0**-0.5),
        "odd",
        {},
    ),
    Known("leaky_relu", {}, 1.414142857, (0.01, 0), X, "", {0: 1}),
    Known("leaky_relu", {"negative_slope": -0.7}, 1.15856889273, (-0.7, 0), X, "", {0: 1}),
    Known("leaky_relu", {"negative_slope": 3.0}, 0.4472135955, (3.0, 0), X, "", {0: 1}),
    Known("lisht", {}, 1.14867441999, (-1, 0), X, "even", {}),
    Known("log_sigmoid", {}, 1.04186683554, X, ZERO, "", {}),
    Known("logish", {}, 2.2676721904, ZERO, (log(2), 0), "", {}),
    Known("mish", {}, 1.48684758127, ZERO, X, "", {}),
    Known("pelu", {}, 1.2451983007, (0, -1.0), X, "", {0: 2}),
    Known(
        "pelu", {"alpha": 0.5, "beta": 0.01}, 0.028282874061, (0, -0.5), (0.5 / 0.01, 0), "", {0: 2}
    ),
    Known(
        "pelu", {"alpha": 3.0, "beta": 20.0}, 6.79636422322, (0, -3.0), (3.0 / 20.0, 0), "", {0: 2}
    ),
    Known("phish", {}, 1.66423337487, ZERO, X, "", {}),
    Known("prelu", {}, 1.37198868114, (0.25, 0), X, "", {0: 1}),
    Known("prelu", {"slope": -1.0}, 1, (-1.0, 0), X, "even", {0: 1}),
    Known("prelu", {"slope": 0.9}, 1.05117666246, (0.9, 0), X, "", {0: 1}),
    Known("quick_gelu", {}, 1.5394587623, ZERO, X, "", {}),
    Known("rational", {}, 1.58069662612, (1 / 2, 1.5957 / 2.383), (1 / 2, 1.5957 / 2.383), "", {}),
    Known(
        "rational",
        {"q1": 1.5, "q2": 0.7},
        0.808941897148,
        (1.1915 / 0.7, 1.5957 / 0.7 - 1.1915 * 1.5 / 0.7**2),
        (1.1915 / 0.7, 1.5957 / 0.7 - 1.1915 * 1.5 / 0.7**2),
        "",
        {-1.5 / 0.7: 1, 0: 1},
    ),
    Known(
        "rational",
        {"p0": -1.0, "q1": -3.0, "q2": 0.5},
        0.904758424028,
        (1.1915 / 0.5, 1.5957 / 0.5 - 1.1915 * -3.0 / 0.5**2),
        (1.1915 / 0.5, 1.5957 / 0.5 - 1.1915 * -3.0 / 0.5**2),
        "",
        {0: 1, 3.0 / 0.5: 1},
    ),
    Known("relu", {}, 1.41421356237, ZERO, X, "", {0: 1}),
    Known("relu6", {}, 1.4142135651, ZERO, (0, 6), ("point", 3, 3), {0: 1, 6: 1}),
    Known("rrelu", {}, 1.37847966455, (11 / 48, 0), X, "", {0: 1}),
    Known(
        "rrelu",
        {"lower": -0.5, "upper": 0.1},
        1.38675049056,
        (-0.5 / 2 + 0.1 / 2, 0),
        X,
        "",
        {0: 1},
    ),
    Known(
        "rrelu", {"lower": 0.5, "upper": 2.0}, 0.883452208599, (0.5 / 2 + 2.0 / 2, 0), X, "", {0: 1}
    ),
    Known("sbaf", {}, 1.438373, None, None, ("mirror", 1 / 2, 0), {}),
    Known("sbaf", {"k": 20.0, "alpha": 0.1}, 8.39341585948, None, None, "", {}),
    Known("sbaf", {"k": 0.5, "alpha": 0.9}, 1.23256071491, None, None, "", {}),
    Known("scaled_tanh", {}, 1.15436945398, (0, -1.7159), (0, 1.7159), "odd", {}),
    Known(
        "selu",
        {},
        1,
        (0, -1.0507009873554805 * 1.6732632423543772),
        (1.0507009873554805, 0),
        "",
        {0: 1},
    ),
    Known("serf", {}, 1.41220525115, ZERO, X, "", {}),
    Known("sigmoid", {}, 1.84622854534, ZERO, ONE, ("point", 0, 1 / 2), {}),
    Known("silu", {}, 1.67653247033, ZERO, X, "", {}),
    Known("sine", {}, 1.52086662318, None, None, "odd", {}),
    Known("sine", {"frequency": 30.0}, 1.41421356237, None, None, "odd", {}),
    Known("sine", {"frequency": 0.01}, 100.005000042, None, None, "odd", {}),
    Known("sine", {"frequency": 300.0}, 1.41421356237, None, None, "odd", {}),
    Known("smelu", {}, 1.40961673294, ZERO, X, "", {-0.5: 2, 0.5: 2}),
    Known("smelu", {"beta": 0.037}, 1.41421165737, ZERO, X, "", {-0.037: 2, 0.037: 2}),
    Known("smelu", {"beta": 4.3}, 0.805622840647, ZERO, X, "", {-4.3: 2, 4.3: 2}),
    Known("smish", {}, 2.51295423093, ZERO, (3 / 5, 0), "", {}),
    Known("snake", {}, 0.874580982931, None, None, ("point", pi / 4, pi / 4 + 1 / 2), {}),
    Known(
        "snake",
        {"frequency": 30.0},
        0.999791731748,
        None,
        None,
        ("point", pi / 120, pi / 120 + 1 / 60),
        {},
    ),
    Known(
        "snake",
        {"frequency": 0.2},
        0.951190482892,
        None,
        None,
        ("point", pi / 0.8, pi / 0.8 + 1 / 0.4),
        {},
    ),
    Known("soft_clipping", {}, 1.99333096668, ZERO, ONE, ("point", 1 / 2, 1 / 2), {}),
    Known("soft_clipping", {"alpha": 0.1}, 2.04845590952, ZERO, ONE, ("point", 1 / 2, 1 / 2), {}),
    Known("soft_clipping", {"alpha": 500.0}, 1.96864848914, ZERO, ONE, ("point", 1 / 2, 1 / 2), {}),
    Known("soft_shrink", {}, 1.54436052828, (1, 0.5), (1, -0.5), "odd", {-0.5: 1, 0.5: 1}),
    Known(
        "soft_shrink",
        {"threshold": 1.3},
        3.64593959588,
        (1, 1.3),
        (1, -1.3),
        "odd",
        {-1.3: 1, 1.3: 1},
    ),
    Known(
        "soft_shrink",
        {"threshold": 0.01},
        1.00802454539,
        (1, 0.01),
        (1, -0.01),
        "odd",
        {-0.01: 1, 0.01: 1},
    ),
    Known("softplus", {}, 1.04186683554, ZERO, X, "", {}),
    Known("softplus", {"beta": 0.05}, 0.0720554314155, ZERO, X, "", {}),
    Known("softplus", {"beta": 200.0}, 1.41421339284, ZERO, X, "", {}),
    Known("softsign", {}, 2.33753336311, (0, -1), ONE, "odd", {0: 2}),
    Known("sparse_plus", {}, 1.38033686286, ZERO, X, "", {-1: 2, 1: 2}),
    Known("sparse_sigmoid", {}, 1.62432155879, ZERO, ONE, ("point", 0, 1 / 2), {-1: 1, 1: 1}),
    Known("sqnl", {}, 1.59195735735, (0, -1), ONE, "odd", {-2: 2, 0: 2, 2: 2}),
    Known("squared_relu", {}, 0.816496580928, ZERO, None, "", {0: 2}),
    Known("squareplus", {}, 0.816496580928, ZERO, X, "", {}),
    Known("squareplus", {"b": 0.0}, 1.41421356237, ZERO, X, "", {0: 1}),
    Known("squareplus", {"b": 0.0001}, 1.41417820836, ZERO, X, "", {}),
    Known("squareplus", {"b": 300.0}, 0.11508706753, ZERO, X, "", {}),
    Known("srelu", {}, 1.38675049056, (0.2, 0), X, "", {0: 1}),
    Known(
        "srelu",
        {"left_threshold": -0.37, "left_slope": -2.0, "right_threshold": 0.61, "right_slope": 0.1},
        1.04569158142,
        (-2.0, -0.37 * (1 - -2.0)),
        (0.1, 0.61 * (1 - 0.1)),
        "",
        {-0.37: 1, 0.61: 1},
    ),
    Known(
        "srelu",
        {"left_threshold": 0.9, "left_slope": 0.0, "right_threshold": 0.93, "right_slope": 3.0},
        0.683517522034,
        (0.0, 0.9 * (1 - 0.0)),
        (3.0, 0.93 * (1 - 3.0)),
        "",
        {0.9: 1, 0.93: 1},
    ),
    Known("swish", {}, 1.67653247033, ZERO, X, "", {}),
    Known("swish", {"beta": -0.3}, 1.93996842883, X, ZERO, "", {}),
    Known("swish", {"beta": 400.0}, 1.41421359137, ZERO, X, "", {}),
    Known("symlog", {}, 1.60780098769, None, None, "odd", {0: 2}),
    Known("tanh", {}, 1.59253741972, (0, -1), ONE, "odd", {}),
    Known("tanh_exp", {}, 1.37478157602, ZERO, X, "", {}),
    Known("tanh_shrink", {}, 2.3383675301, (1, 1), (1, -1), "odd", {}),
    Known("threshold", {}, 1.57990308176, (0, 0.0), X, "", {1.0: 0}),
    Known(
        "threshold", {"threshold": 0.37, "value": -1.0}, 0.93747318062, (0, -1.0), X, "", {0.37: 0}
    ),
    Known(
        "threshold", {"threshold": -1.23, "value": 2.0}, 0.954440918443, (0, 2.0), X, "", {-1.23: 0}
    ),
]
