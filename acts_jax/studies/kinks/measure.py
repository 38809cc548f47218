"""The derivative at a kink: formulas, exact zeros in networks, and networks in pairs."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from acts_jax.activations.catalogue import get
from acts_jax.analysis import statistics
from acts_jax.sweep.networks import Networks
from acts_jax.theory import features
from acts_jax.theory.kinks import one_sided_slopes

SLOPE = "relu_at_zero.slope_at_zero"
ALPHAS = (0.5, 1.0, 2.0)  # of elu
MARGIN = 0.01  # difference in test accuracy, up to which either value does
SHAPE = ["hidden_sizes", "seed"]


class Formulas(NamedTuple):
    """What relu and elu are at and around 0.

    Attributes:
        values: relu(-1) and relu(0.5).
        at_zero: relu'(0), as the library has it.
        elu_errors: alpha -> `elu_error`.
        elu_slopes: alpha -> (elu' on the left of 0, on the right).
    """

    values: tuple[float, float]
    at_zero: float
    elu_errors: dict[float, float]
    elu_slopes: dict[float, tuple[float, float]]


def formulas() -> Formulas:
    """Evaluate relu and elu."""
    relu = get("relu")
    return Formulas(
        (float(relu(-1.0)), float(relu(0.5))),
        float(relu.derivative(np.float32(0))),
        {alpha: elu_error(alpha) for alpha in ALPHAS},
        {alpha: one_sided_slopes("elu", alpha=alpha) for alpha in ALPHAS},
    )


def elu_error(alpha: float) -> float:
    """Return the largest distance of elu from its formula on [-20, 20], over max(alpha, |x|)."""
    x = np.linspace(-20, 20, 4001)
    formula = np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))
    y = features.jet(get("elu").function, {"alpha": alpha}, x)[0]
    return float(np.max(np.abs(y - formula) / np.maximum(alpha, np.abs(x))))


def best_rates(results: pd.DataFrame) -> pd.DataFrame:
    """Choose, on validation, the rate that is best for relu'(0) = 0: hidden_sizes, learning_rate.

    Args:
        results: Of a sweep over `acts_jax.theory.kinks.relu_at_zero` at the slopes 0 and 1.
    """
    best = statistics.select(results[results[SLOPE] == 0], by=("hidden_sizes",))
    return best[["hidden_sizes", "learning_rate"]]


def nudged(rate: float) -> float:
    """Return the next larger float32."""
    return float(np.nextafter(np.float32(rate), np.float32(np.inf)))


def pairs(results: pd.DataFrame, control: pd.DataFrame, zeros: pd.DataFrame) -> pd.DataFrame:
    """Pair networks that differ in the derivative at 0 alone, at the rate that is best for 0.

    Args:
        results: Of the sweep.
        control: Of networks with relu'(0) = 0 at the `nudged` rates.
        zeros: From `exact_zeros`, of all groups of the sweep.

    Returns:
        A row per network shape and seed: hidden_sizes, seed, learning_rate, difference (of the
        test accuracy, 1 minus 0; a diverged network counts 0), identical (whether all final losses
        are the same to the last bit), control (the difference that the nudge of the rate makes),
        zeros (before or after training, of both networks).
    """
    best = best_rates(results)
    cells = statistics.scores(results).merge(best)
    zero, one = (cells[cells[SLOPE] == slope].set_index(SHAPE) for slope in (0, 1))
    next_to = best.assign(learning_rate=best["learning_rate"].map(nudged))
    beside = statistics.scores(control).merge(next_to).set_index(SHAPE)
    losses = ["train_loss", "validation_loss", "test_loss"]
    same = (zero[losses] == one[losses]) | (zero[losses].isna() & one[losses].isna())
    both = cells[["cell", *SHAPE]].merge(zeros, on="cell").groupby(SHAPE)["zeros"].sum()
    table = pd.DataFrame(
        {
            "learning_rate": zero["learning_rate"],
            "difference": one["test_accuracy"] - zero["test_accuracy"],
            "identical": same.all(axis=1),
            "control": beside["test_accuracy"] - zero["test_accuracy"],
            "zeros": both,
        }
    )
    return table.reset_index()


def exact_zeros(groups: Sequence[Networks]) -> pd.DataFrame:
    """Count the pre-activations that are exactly 0, over training examples and hidden units.

    Returns:
        Columns cell, zeros (those before training and those after it).
    """
    return pd.concat(map(_exact_zeros, groups), ignore_index=True)


def _exact_zeros(networks: Networks) -> pd.DataFrame:
    train = networks.examples.train
    x = train.features(train.inputs)

    @jax.jit
    @jax.vmap
    def count(params):
        _, sites = networks.model.look(params, x)
        return sum(jnp.sum(site.preactivation == 0) for site in sites)

    found = sum(np.asarray(count(params)) for params in (networks.initial, networks.params))
    return pd.DataFrame({"cell": networks.results["cell"], "zeros": found})
