"""Comparisons of activations: in pairs, as a matrix for each depth, and by their ranks over all."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd

from acts_jax.analysis.confirmed import COVERS
from acts_jax.analysis.ranking import LEAST_DATASETS
from acts_jax.analysis.verdicts import BETTER, EQUIVALENT, WORSE, outlook
from acts_jax.report.html import table
from acts_jax.report.sentences import gap
from acts_jax.report.style import brief, shorten, spelt
from acts_jax.words import count, join


def html_matrices(reported: pd.DataFrame, comparisons: pd.DataFrame, kind: str) -> str:
    """The comparisons of one dataset, each depth in a matrix, with a note on how to read them.

    Args:
        reported: Of `stages.by_stage`, of one dataset.
        comparisons: Of `verdicts.compare`, of the same.
        kind: Of score, see `statistics.score_name`.
    """
    tested = comparisons[comparisons["p_value"].notna()]
    if tested.empty:
        return "<p class=note>One seed or one activation: nothing to compare in pairs.</p>"
    unit, sign = "in percentage points", ""
    if kind == "rmse":
        unit, sign = "in the target's units", " Negative: the row is better."
    matrices = "".join(
        _matrix(depth, reported[reported["depth"] == depth], rows, kind)
        for depth, rows in comparisons.groupby("depth")
    )
    note = (
        f"Row minus column, {unit} of the test {spelt(kind)}, mean over the seeds that both have "
        f"finished.{sign} Bold: better or worse (Student's paired t test, Holm's correction over "
        f"the {tested['family'].iloc[0]}, and the like). Underlined: equivalent within the margin. "
        "All others: undecided. Point at a number for its interval, p-values, and how many seeds "
        "would decide."
    )
    return (
        f"<h3>Paired comparisons</h3><p class=note>{escape(note)}</p>"
        f"<div class=matrices>{matrices}</div>"
    )


def _matrix(depth: int, reported: pd.DataFrame, comparisons: pd.DataFrame, kind: str) -> str:
    ranked = reported.sort_values("score", ascending=kind == "rmse")
    order = list(map(str, ranked["activation"]))
    entries = {}
    for _, row in comparisons.iterrows():
        pair, verdict, difference = (
            (row["activation"], row["other"]),
            row["verdict"],
            row["difference"],
        )
        tests = [("p", "p_value"), ("Holm", "p_holm"), ("sign flip", "p_sign_flip")]
        told = [f"{name} {brief(row[column])}" for name, column in tests if row[column] >= 0]
        tip = (
            f"{' − '.join(pair)}: {verdict}; {gap(row['low'], kind)} to {gap(row['high'], kind)}; "
            f"{', '.join(told)}. {outlook(row)}"
        ).strip()
        entries[pair] = difference, verdict, tip
        entries[pair[::-1]] = -difference, verdict, tip
    head = "".join(
        f'<th class=up title="{escape(name)}"><span>{escape(shorten(name, 16))}</span></th>'
        for name in order
    )
    body = "".join(
        f'<tr><th title="{escape(a)}">{escape(shorten(a))}</th>'
        + "".join(_entry(entries.get((a, b)), kind) for b in order)
        + "</tr>"
        for a in order
    )
    return (
        f"<table class=matrix><caption>depth {depth}</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _entry(entry: tuple[float, str, str] | None, kind: str) -> str:
    if entry is None:
        return "<td></td>"
    difference, verdict, tip = entry
    if not np.isfinite(difference):
        return "<td>–</td>"
    text = gap(difference, kind).removesuffix(" points")
    tags = {BETTER: "b", WORSE: "b", EQUIVALENT: "u"}
    if tag := tags.get(verdict):
        text = f"<{tag}>{text}</{tag}>"
    return f'<td title="{escape(tip)}">{text}</td>'


def html_ranks(ranks: pd.DataFrame) -> str:
    """The mean ranks over all depths and datasets, as a section.

    Args:
        ranks: Of `ranking.over_all`.
    """
    ranked = ranks[ranks["missing"] == ""]
    rows = [
        (escape(str(row.activation)), f"{row.mean_rank:.1f}", _ends(row.low, row.high))
        for row in ranked.itertuples()
    ]
    heads = "activation", "mean rank", "95% interval"
    notes = "".join(f"<p class=note>{escape(sentence)}</p>" for sentence in _about_ranks(ranks))
    heading = "<h2>Over all depths and datasets</h2>"
    return f"<section>{heading}{table(heads, rows, 'ranks') if rows else ''}{notes}</section>"


def _ends(low: float, high: float) -> str:
    return f"{low:.1f} – {high:.1f}" if np.isfinite([low, high]).all() else "–"


def _about_ranks(ranks: pd.DataFrame) -> list[str]:
    """What mean ranks are, what their interval is about, and who has none."""
    ranked, others = ranks[ranks["missing"] == ""], ranks[ranks["missing"] != ""]
    said = []
    if "mean_rank" in ranks:
        first = ranked.iloc[0]
        said.append(
            "Rank of a confirmed network among one of each activation, 1 the best, averaged over "
            f"{count(int(first['strata']), 'combination')} of dataset and depth. The interval is "
            f"that of a stratified bootstrap and covers {first['covers']}{_scope(first)}."
        )
    if len(others):
        told = [f"{row.activation} ({row.missing})" for row in others.itertuples()]
        left = "Not ranked" if said else "Nobody is ranked, since fewer than two ran everywhere"
        said.append(
            f"{left}: {join(told)}, where no network could be trained to its end to be confirmed."
        )
    return said


def _scope(first: pd.Series) -> str:
    """Of which datasets an interval speaks that covers seeds only."""
    if first["covers"] != COVERS[0] or first["datasets"] < 2:
        return ""
    return (
        f"; it is about these {first['datasets']:.0f} datasets, since fewer than {LEAST_DATASETS} "
        "are too few for an interval about others like them"
    )
