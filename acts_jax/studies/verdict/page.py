"""The page of a verdict, and its table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from acts_jax.analysis import statistics
from acts_jax.analysis.verdicts import BETTER, EQUIVALENT, UNDECIDED, WORSE, outlook
from acts_jax.report import card, card_figure, figures, tables, tabular
from acts_jax.report.chosen import html_table
from acts_jax.report.html import definitions, document, plate, table
from acts_jax.report.html import write as write_page
from acts_jax.report.sentences import gap
from acts_jax.report.style import brief, percent, score
from acts_jax.studies.verdict.race import Race
from acts_jax.sweep.config import parameter_prefix
from acts_jax.words import count, join

NOTE = (
    "Differences are its test score less the rival's, positive where it does better in a "
    "classification; step time: of a training step of one network, over the rival's."
)
WORDS = {
    BETTER: "{mine} is better than",
    WORSE: "{mine} is worse than",
    EQUIVALENT: "{mine} is equivalent within the margin to",
    UNDECIDED: "It is undecided whether {mine} differs from",
}


def write(
    race: Race,
    path: Path,
    *,
    facts: Mapping[str, str],
    methods: str,
    formats: Sequence[str] = ("png",),
) -> Path:
    """Writes the page to `path`, replaced atomically, and its figures and tables beside it.

    Args:
        race: What came out.
        path: Of the page; it loads nothing from elsewhere.
        facts: How the results came about (command, machine, versions, seconds).
        methods: The same as a paragraph for a paper.
        formats: Of the figures' files: "png", "pdf", "svg".
    """
    drawn = {
        "shape": card_figure.figure(race.card, heading=False),
        "learning_rate": figures.accuracy_by_learning_rate(race.trained.results),
    }
    for form in formats:
        figures.save(drawn, path.parent / "figures", form=form)
    tabular.write_tables(race.reported, race.comparisons, path.parent / "tables")
    shape, rates = (plate(figure, name) for name, figure in drawn.items())
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences(race))
    rows = [list(map(escape, row)) for row in rivals(race).itertuples(index=False)]
    compared = table(rivals(race), rows, "verdicts")
    title = f"The verdict on {race.mine}"
    return write_page(
        path,
        document(
            title,
            f"<h1>{escape(title)}</h1><ul class=headline>{said}</ul>{compared}"
            f"<p class=note>{escape(NOTE)}</p>"
            f"<h2>The race</h2>{rates}{html_table(race.trained.results, race.reported, False)}"
            f"<h2>The function</h2>{shape}{definitions(card.text(race.card))}"
            f"<h2>Methods</h2><p class=methods>{escape(methods)}</p>"
            f"<h2>How these results came about</h2>{definitions(facts)}",
        ),
    )


def terminal(race: Race) -> Table:
    """The verdicts as a table for a terminal of 80 columns."""
    return tables.terminal_table(rivals(race).iloc[:, : -len(AT_LENGTH)])


AT_LENGTH = ("p (Holm)", "its own", "the rival's", "what would decide")  # on the page only


def rivals(race: Race) -> pd.DataFrame:
    """A row of texts per rival, and depth where there are several: the verdict and its grounds."""
    kind = statistics.score_name(race.trained.results)
    unit = ", points" if kind == "accuracy" else ""
    scores = race.reported.set_index(["activation", "depth"])["score"]
    several = race.comparisons["depth"].nunique() > 1
    rows = []
    for _, row in race.comparisons.iterrows():
        depth, rival = row["depth"], row["other"]
        low, high, difference = (
            gap(row[column], kind).removesuffix(" points")
            for column in ("low", "high", "difference")
        )
        cost = race.step_seconds[race.mine, depth] / race.step_seconds[rival, depth]
        own = (score(scores[name, depth], kind) for name in (race.mine, rival))
        told = brief(row["p_holm"]), *own, outlook(row)
        rows.append(
            ({"depth": str(depth)} if several else {})
            | {
                "against": rival,
                "verdict": row["verdict"],
                f"difference{unit}": difference,
                "95% interval": f"{low} to {high}",
                "step time": f"{cost:.2f}",
            }
            | dict(zip(AT_LENGTH, told, strict=True))
        )
    return pd.DataFrame(rows)


def sentences(race: Race) -> list[str]:
    """What was found, in sentences of plain text."""
    comparisons = race.comparisons
    first = comparisons.iloc[0]
    margin = first["margin_in_words"]
    said = []
    for verdict, words in WORDS.items():
        rows = comparisons[comparisons["verdict"] == verdict]
        at = comparisons["depth"].nunique() > 1
        told = [f"{r.other} at depth {r.depth}" if at else r.other for r in rows.itertuples()]
        if told:
            said.append(f"{words.format(mine=race.mine)} {join(told)}.")
    seeds = count(int(first["seeds"] + first["left_out"]), "fresh seed")
    likewise = ", and likewise at other depths" if comparisons["depth"].nunique() > 1 else ""
    said.append(
        f"Tested once, on {seeds}: {first['family']}{likewise}. Better and worse mean p < 0.05 "
        f"after Holm's correction; the margin of equivalence is {margin}; all else is undecided. "
        f"The intervals cover {first['covers']}."
    )
    return [*said, *_untuned(race), *_untrained(race), *_learned(race), *_losses(race), _cost(race)]


def _untuned(race: Race) -> list[str]:
    """That nothing was tuned, if there was nothing to choose from."""
    rates = race.trained.results.groupby("activation", observed=True)["learning_rate"].unique()
    if any(len(own) > 1 for own in rates):
        return []
    (rate,) = {rate for own in rates for rate in own}
    return [
        f"All were trained at the learning rate {brief(rate, 3)}, and nothing was tuned: at other "
        "rates the verdict may be another."
    ]


def _untrained(race: Race) -> list[str]:
    """Which rivals there is nothing to compare with."""
    compared = set(race.comparisons["other"])
    names = [n for n in race.trained.plan.config["activation"] if n not in {race.mine, *compared}]
    if not names:
        return []
    return [f"Not compared, since none of their networks was trained to its end: {join(names)}."]


def _learned(race: Race) -> list[str]:
    """Where its learned parameters ended."""
    prefix, again = parameter_prefix(race.mine), race.trained.confirmed
    again = again[again["activation"] == race.mine]
    said = []
    for name in race.card.activation.parameters:
        column = f"final.{prefix}.{name}"
        if column in again and again[column].notna().any():
            begun, ended = again[f"{prefix}.{name}"].mean(), again[column].mean()
            said.append(
                f"{name} was learned: from {brief(begun, 3)} to {brief(ended, 3)}, the mean over "
                "layers and fresh seeds."
            )
    return said


def _losses(race: Race) -> list[str]:
    """Where it diverges, fails or dies."""
    said = []
    results = race.trained.results
    mine = results[results["activation"] == race.mine]
    lost = mine[mine["status"] != "ok"]
    if len(lost):
        low = brief(lost["learning_rate"].min(), 3)
        rivals = results[results["activation"] != race.mine]
        said.append(
            f"While tuning, {len(lost)} of its {count(len(mine), 'network')} diverged or failed, "
            f"at learning rates from {low} on ({percent(len(lost) / len(mine))}); of its rivals' "
            f"networks {percent((rivals['status'] != 'ok').mean())} did."
        )
    else:
        said.append(f"None of its {count(len(mine), 'network')} diverged while tuning.")
    again = race.trained.confirmed
    again = again[again["activation"] == race.mine]
    failed = int((again["status"] != "ok").sum())
    if failed:
        said.append(f"Of the confirmed networks {failed} of {len(again)} did.")
    dead, worst = again["dead_fraction"].mean(), mine["dead_fraction"].max()
    if np.isfinite(dead):
        said.append(
            f"At the chosen rate {percent(dead)} of its units are dead; at most {percent(worst)} "
            "in any network of the race."
        )
    return said


def _cost(race: Race) -> str:
    """What a step costs."""
    parts = []
    for depth in sorted(race.comparisons["depth"].unique()):
        mine = race.step_seconds[race.mine, depth]
        others = race.comparisons.loc[race.comparisons["depth"] == depth, "other"]
        ratios = [f"{mine / race.step_seconds[name, depth]:.2f} times {name}'s" for name in others]
        parts.append(f"{brief(1e6 * mine, 3)} µs at depth {depth}, {join(ratios)}")
    return f"A training step of one network takes {'; '.join(parts)}."
