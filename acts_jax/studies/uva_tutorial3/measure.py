"""What the sweeps of the study hold: accuracies, gradients at initialisation and dead units."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from acts_jax.analysis import evaluations
from acts_jax.analysis.pairing import by_seed
from acts_jax.studies.uva_tutorial3.published import ACCURACY
from acts_jax.sweep import engine
from acts_jax.sweep.trainer import Trained


@dataclass(frozen=True)
class Repeated:
    """The numbers that stand beside the published ones.

    Attributes:
        accuracy: On test, a row per seed, a column per activation, each after its best epoch.
        epochs: A row per activation: best and last epoch, means over the seeds.
        gradients: Root mean square of the entries of the loss's gradient at initialisation, a row
            per seed and layer, a column per activation; the readout is the last layer.
        dead: (moment, shape) -> dead units of the relu networks, a row per seed, a column per
            layer; moments are "before" and "after" training.
    """

    accuracy: pd.DataFrame
    epochs: pd.DataFrame
    gradients: pd.DataFrame
    dead: Mapping[tuple[str, str], pd.DataFrame]

    def ratios(self) -> pd.DataFrame:
        """Divide the gradient entries of layer 1 by those of the readout: a row per seed."""
        layers = self.gradients.index.get_level_values("layer")
        first, readout = (
            self.gradients.xs(layer, level="layer") for layer in (layers.min(), layers.max())
        )
        return first / readout

    def dead_shares(self) -> dict[tuple[str, str], pd.Series]:
        """Return the share of all hidden units that is dead, per seed; keys as of `dead`."""
        return {
            (when, shape): counts.sum(axis=1) / sum(widths(shape))
            for (when, shape), counts in self.dead.items()
        }


def widths(shape: str) -> list[int]:
    """Return the widths of the hidden layers: `512-256` has 512 and 256 units."""
    return list(map(int, shape.split("-")))


def collect(wide: Trained, deep: Trained) -> Repeated:
    """Gather what the tutorial shows: of its six activations, and of relu in a deeper network."""
    names, results = list(ACCURACY.index), wide.results
    last = evaluations.ends(wide.curves).groupby("cell", observed=True)["epoch"].first()
    cells = results.assign(last=results["cell"].map(last.set_axis(last.index.astype(str))))
    epochs = cells.groupby("activation").agg(best=("epoch", "mean"), last=("last", "mean"))
    return Repeated(
        accuracy=by_seed(results)[names],
        epochs=epochs.loc[names],
        gradients=_gradients(wide)[names],
        dead={
            (when, sweep.results["hidden_sizes"].iloc[0]): _dead(sweep, when)
            for sweep in (wide, deep)
            for when in ("before", "after")
        },
    )


def _gradients(sweep: Trained) -> pd.DataFrame:
    """Return the root mean square of the gradient's entries at initialisation: see `Repeated`."""
    static = sweep.plan.groups[0].static
    dataset = sweep.datasets[static.dataset]
    outputs = engine.resolve(static, dataset).outputs
    sizes = (math.prod(dataset.input_shape), *static.hidden_sizes, outputs)
    entries = [(before + 1) * after for before, after in itertools.pairwise(sizes)]
    rows = sweep.curves.query("metric == 'gradient_norm' and epoch == 0")
    norms = rows.pivot_table(
        index=["seed", "layer"], columns="activation", values="value", observed=True
    )
    return norms.div(np.sqrt(np.take(entries, norms.index.get_level_values("layer") - 1)), axis=0)


def _dead(sweep: Trained, when: str) -> pd.DataFrame:
    """Count dead units of the relu networks, before training or as it was best."""
    relu = sweep.results[sweep.results["activation"] == "relu"]
    best = relu.set_index("cell")["epoch"]
    curves = sweep.curves
    rows = curves[(curves["metric"] == "dead_fraction") & curves["cell"].isin(relu["cell"])]
    rows = rows[rows["epoch"] == (0 if when == "before" else rows["cell"].astype(str).map(best))]
    shares = rows.pivot_table(index="seed", columns="layer", values="value")
    return (shares * widths(relu["hidden_sizes"].iloc[0])).round().astype(int)
