"""What the curves of the cells hold: gradient norms by layer, learned parameters, last values."""

from __future__ import annotations

import numpy as np
import pandas as pd


def gradient_norms(curves: pd.DataFrame) -> pd.DataFrame:
    """Gradient norm per layer at the first and at the last evaluation of each cell.

    Networks without a hidden layer have nothing to compare and are left out.

    Returns columns activation, depth, layer, low, median, high (over the cells whose norm is
    finite) and moment ("at initialisation", then "epoch <n>", or "at the end" where cells were
    stopped after different numbers of epochs).

    Raises:
        ValueError: `curves` has no gradient norms of networks with hidden layers.
    """
    rows = _gradients(curves)
    first = rows["epoch"].min()
    begun, ended = rows[rows["epoch"] == first], ends(rows[rows["epoch"] > first])
    last = ended["epoch"].unique()
    moments = {
        "at initialisation" if first == 0 else f"epoch {first}": begun,
        f"epoch {last[0]}" if len(last) == 1 else "at the end": ended,
    }
    rows = pd.concat([part.assign(moment=moment) for moment, part in moments.items()])
    rows = rows[np.isfinite(rows["value"])]
    if rows.empty:
        raise ValueError("the curves have no gradient_norm values")
    rows = rows.astype({"activation": str, "layer": int})
    by = ["moment", "activation", "depth", "layer"]
    table = rows.groupby(by, observed=True, as_index=False)["value"]
    table = table.agg(low="min", median="median", high="max")
    return table.sort_values("moment", key=lambda m: m.map(list(moments).index), kind="stable")


def ends(curves: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last evaluation that each cell has among them."""
    last = curves.groupby("cell", observed=True)["epoch"].transform("max")
    return curves[curves["epoch"] == last]


def learned_parameters(curves: pd.DataFrame) -> pd.DataFrame:
    """The finite rows of `curves` about learned activation parameters, such as `"prelu.slope"`."""
    names = [metric for metric in curves["metric"].unique() if "." in metric]
    rows = curves[curves["metric"].isin(names) & np.isfinite(curves["value"])]
    return rows.astype({"metric": str})


def has_gradients(curves: pd.DataFrame) -> bool:
    """Whether `gradient_norms` has anything to tell of these curves."""
    return bool(np.isfinite(_gradients(curves)["value"]).any())


def _gradients(curves: pd.DataFrame) -> pd.DataFrame:
    """The rows about gradient norms, of networks with hidden layers: others have one layer only."""
    return curves[(curves["metric"] == "gradient_norm") & (curves["depth"] > 0)]
