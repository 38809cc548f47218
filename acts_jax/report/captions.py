"""The captions of the figures of a sweep, computed from its results."""

from __future__ import annotations

import numpy as np
import pandas as pd

from acts_jax.analysis import evaluations, statistics
from acts_jax.report.style import brief, percent, score
from acts_jax.words import join


def captions(results: pd.DataFrame, curves: pd.DataFrame, reported: pd.DataFrame) -> dict[str, str]:
    """One sentence per figure of `draw`, about what it shows in these data; "" if nothing."""
    kind = statistics.score_name(results)
    best = statistics.chosen(results, reported)
    mine = curves[curves["cell"].isin(best["cell"])]
    said = {
        "test_table": _table_caption(reported, kind),
        "learning_rate": _rate_caption(reported),
        "dead_units": _dead_caption(results),
    }
    if evaluations.has_gradients(mine):
        said["gradient_norm"] = _gradient_caption(mine)
    return said | {"learned_parameters": _learned_caption(mine)}


def _table_caption(reported: pd.DataFrame, kind: str) -> str:
    trained = reported[reported["lost_share"] < 1]
    table = trained.pivot(index="activation", columns="depth", values="score")
    if table.size < 2:
        return ""
    if table.shape[1] < 2:
        ranked = trained.sort_values("score", ascending=kind == "rmse")
        first, last = ranked.iloc[0], ranked.iloc[-1]
        return (
            f"From {first['activation']} ({score(first['score'], kind)}) to "
            f"{last['activation']} ({score(last['score'], kind)})."
        )
    low, high = table.columns[0], table.columns[-1]
    change = (table[high] - table[low]) * (1 if kind == "accuracy" else -1)
    name = change.replace([np.inf, -np.inf], np.nan).idxmin() if change.notna().any() else None
    if name is None:
        return "No activation has results at both the least and the greatest depth."
    found = (
        f"{score(table.loc[name, low], kind)} at depth {low}, "
        f"{score(table.loc[name, high], kind)} at depth {high}."
    )
    if change[name] >= 0:
        return f"Depth costs none of them anything; it gives {name} least: {found}"
    return f"Depth costs {name} most: {found}" if len(table) > 1 else f"{name}: {found}"


def _rate_caption(selection: pd.DataFrame) -> str:
    selection = selection[selection["lost_share"] < 1]
    if selection.empty:
        return "No cell was trained to the end."
    rates = selection["learning_rate"]
    if rates.nunique() == 1:
        everywhere = " everywhere" if len(rates) > 1 else ""
        return f"The chosen learning rate is {brief(rates.iloc[0], 3)}{everywhere}."
    low, high = (
        f"{brief(row['learning_rate'], 3)} ({row['activation']}, depth {row['depth']})"
        for row in (selection.loc[rates.idxmin()], selection.loc[rates.idxmax()])
    )
    return f"The chosen learning rate runs from {low} to {high}."


def _dead_caption(results: pd.DataFrame) -> str:
    keys = ["activation", "depth", "learning_rate"]
    share = results.groupby(keys, observed=True)["dead_fraction"].mean()
    if not share.max() > 0:
        return "No hidden unit was dead at the end of any cell."
    name, depth, rate = share.idxmax()
    most = percent(share.max())
    return f"Most dead units: {name} at depth {depth} with learning rate {brief(rate, 3)}, {most}."


def _gradient_caption(curves: pd.DataFrame) -> str:
    table = evaluations.gradient_norms(curves)
    table = table[table["moment"] == table["moment"].iloc[0]]
    lines = table.sort_values("layer").groupby(["activation", "depth"])["median"]
    ratio = (lines.first() / lines.last()).replace(np.inf, np.nan).dropna()
    if ratio.empty:
        return "No gradient reaches the readout."
    said = f"Layer 1 over readout, {table['moment'].iloc[0]}"
    if len(ratio) == 1:
        return f"{said}: {brief(ratio.min())}."
    ends = ratio.idxmin(), ratio.idxmax()
    low, high = (f"{brief(ratio[name, depth])} ({name}, depth {depth})" for name, depth in ends)
    return f"{said}: from {low} to {high}."


def _learned_caption(curves: pd.DataFrame) -> str:
    learned = evaluations.learned_parameters(curves)
    parts = []
    for metric, rows in evaluations.ends(learned).groupby("metric"):
        means = rows.groupby(["depth", "layer"], dropna=False)["value"].mean()
        parts.append(f"{metric} ends between {means.min():.2f} and {means.max():.2f}")
    return f"Means by layer over seeds: {join(parts)}." if parts else ""
