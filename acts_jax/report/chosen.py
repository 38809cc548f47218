"""The table of chosen settings and their scores, for the page and for a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from acts_jax.analysis import statistics
from acts_jax.analysis.stages import CONFIRMED, TUNED, half_width
from acts_jax.report.sentences import seeds, uneven
from acts_jax.report.style import brief, fate, percent, plus_minus, score, shorten, spelt

MOST_LETTERS = 28  # of a name in the table for the terminal
EDGES = {"": "", "low": "lowest tried", "high": "highest tried"}
CLIFFS = {"": "", "low": "cliff below", "high": "cliff above"}


def terminal_table(
    reported: pd.DataFrame, class_counts: Mapping[str, Mapping[str, int]] | None = None
) -> Table:
    """What is reported as a compact table for a terminal of 80 columns.

    Args:
        reported: Of `stages.by_stage`.
        class_counts: As for `page.build`: with uneven ones the balanced accuracy is in it.
    """
    regression = reported["test_accuracy"].isna()
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    several = reported["dataset"].nunique() > 1
    if several:
        table.add_column("dataset")
    table.add_column("activation", overflow="fold", min_width=10)
    what = (
        "score" if regression.nunique() > 1 else spelt("rmse" if regression.all() else "accuracy")
    )
    stages = [stage for stage in (TUNED, CONFIRMED) if (reported["stage"] == stage).any()]
    heads = ["tuned on\nvalidation", *([f"confirmed\ntest {what}"] if CONFIRMED in stages else [])]
    lost = lost_shares(reported)
    balanced = ["balanced"] if any(map(uneven, (class_counts or {}).values())) else []
    tuned = [f"{column},\ntuned" for column in (*balanced, "dead", *lost)]
    for column in ("depth", "best lr", *heads, *tuned):
        table.add_column(column, justify="right", no_wrap=True)
    ranked = reported.assign(worse=reported["score"].where(regression, -reported["score"]))
    for _, row in ranked.sort_values(["dataset", "depth", "worse"]).iterrows():
        mark = {"": " ", "low": "↓", "high": "↑"}[row["at_edge"]]
        mark = mark.strip() or ("!" if row["at_cliff"] else " ")
        gone = row["lost_share"] == 1
        kind = kind_of(row)
        unit = "%" if kind == "accuracy" else ""
        chosen = f"all {fate(row)}" if gone else score(row[f"validation_{kind}"], kind)
        confirmed = plus_minus(row["score"], half_width(row), kind) + unit
        confirmed += f" ({seeds(row)})" if row["failed"] else ""
        table.add_row(
            *([Text(str(row["dataset"]))] if several else []),
            Text(shorten(str(row["activation"]), MOST_LETTERS)),
            str(row["depth"]),
            "–" if gone else f"{brief(row['learning_rate'], 3)}{mark}",
            chosen,
            *(
                [confirmed if row["stage"] == CONFIRMED and not gone else "–"]
                if len(heads) > 1
                else []
            ),
            *(percent(row["test_balanced_accuracy"]) for _ in balanced),
            percent(row["dead_fraction"]),
            *(percent(row[f"{word}_share"]) for word in lost),
        )
    table.caption = "\n".join(_marks(reported))
    return table


def _marks(reported: pd.DataFrame) -> list[str]:
    """What the marks beside learning rates say."""
    said = []
    if (reported["at_edge"] != "").any():
        said.append("↓ ↑ the edge of the rates tried: better ones may lie beyond")
    if ((reported["at_edge"] == "") & (reported["at_cliff"] != "")).any():
        said.append("! a cliff: training fails at the next rate")
    return said


def kind_of(row: pd.Series) -> str:
    """Of which kind the scores of a row are."""
    return "rmse" if np.isnan(row["test_accuracy"]) and "test_rmse" in row else "accuracy"


def lost_shares(reported: pd.DataFrame) -> list[str]:
    """Columns about cells without a score: diverged ones, and failed ones if there are any."""
    return ["diverged", "failed"] if reported["failed_share"].any() else ["diverged"]


def html_table(results: pd.DataFrame, reported: pd.DataFrame, uneven: bool) -> str:
    """The table for the page, with a note that says what its columns are.

    Args:
        results: Of the networks that chose the settings.
        reported: Of `stages.by_stage`, of one dataset.
        uneven: Whether the balanced accuracy stands beside the accuracy.
    """
    kind = statistics.score_name(results)
    others = [
        c for c in statistics.nuisances(results, ["activation", "depth"]) if c != "learning_rate"
    ]
    if "width" in others and "hidden_sizes" in others:
        others.remove("hidden_sizes")  # the widths of as many equal layers as the depth says
    lost = lost_shares(reported)
    ordered = reported.sort_values(["depth", "score"], ascending=[True, kind == "rmse"])
    new = ordered["depth"].ne(ordered["depth"].shift())
    tried = results.groupby(["activation", "depth"], observed=True)["learning_rate"].nunique()
    entries = [
        _entries(row, tried[row["activation"], row["depth"]], others, lost, kind, uneven)
        for _, row in ordered.iterrows()
    ]
    head = "".join(f"<th>{escape(h)}</th>" for h in entries[0])
    rows = "".join(
        f"<tr{' class=new' if first else ''}><td>{'</td><td>'.join(row.values())}</td></tr>"
        for first, row in zip(new, entries, strict=True)
    )
    return (
        f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"<p class=note>{escape(_note(results, ordered, kind, uneven))}</p>"
    )


def _entries(
    row: pd.Series, tried: int, others: list[str], lost: list[str], kind: str, uneven: bool
) -> dict[str, str]:
    """Heading -> entry as HTML, of a row."""
    warned = join_words(EDGES[row["at_edge"]], CLIFFS[row["at_cliff"]])
    rate = brief(row["learning_rate"], 3) + (f" <em>{warned}</em>" if warned else "")
    gone = row["lost_share"] == 1
    low, high = (score(row[c], kind) for c in ("low", "high"))
    tested = f"<em>all {fate(row)}</em>" if gone else score(row["score"], kind)
    mark = "" if row["stage"] == CONFIRMED or gone else " <em>tuned</em>"
    return {
        "depth": str(row["depth"]),
        # a name may go on in a new line after the dots and the colon of `package.module:name`
        "activation": re.sub(r"[.:](?=.)", r"\g<0><wbr>", escape(str(row["activation"]))),
        "learning rate": "–" if gone else rate,
        "rates tried": str(tried),
        **{c: "–" if pd.isna(row[c]) else escape(_plain(row[c])) for c in others},
        f"validation {spelt(kind)}, tuned": "–" if gone else score(row[f"validation_{kind}"], kind),
        f"test {spelt(kind)}": tested + mark,
        "95% interval": "–" if gone or low == "–" else f"{low} – {high}",
        **({"balanced": "–" if gone else percent(row["test_balanced_accuracy"])} if uneven else {}),
        "seeds": seeds(row),
        **{word: percent(row[f"{word}_fraction"]) for word in ("dead", "saturated")},
        **{word: percent(row[f"{word}_share"]) for word in lost},
    }


def join_words(*words: str) -> str:
    """Those that are not empty, with commas."""
    return ", ".join(filter(None, words))


def _note(results: pd.DataFrame, reported: pd.DataFrame, kind: str, uneven: bool) -> str:
    """What the columns are, in sentences."""
    said = "The setting of each row is the best on validation"
    if (reported["stage"] == CONFIRMED).any():
        said += (
            "; its test score is that of networks trained anew at this setting, from fresh seeds. "
            "The interval covers seeds and test examples."
        )
    else:
        said += (
            "; its test score is tuned: that of the seeds that chose the setting, and so too high. "
            "The interval covers seeds only."
        )
    if (reported["failed"] > 0).any():
        said += " Seeds: those that were trained to the end, of those that were tried."
    said += (
        " Tuned, too: dead and saturated, shares of the hidden units; diverged, the share of all "
        "networks that tuned the row."
    )
    if "failed" in lost_shares(reported):
        said += " Failed: the share that could not be trained."
    said += _stopped_early(results, reported)
    if uneven:
        said += " Balanced: the balanced accuracy on test, tuned."
    if kind == "rmse":
        said += " RMSE: root mean square error, in the target's units."
    return said


def _stopped_early(results: pd.DataFrame, reported: pd.DataFrame) -> str:
    """At which epochs patience kept the networks of the chosen settings, as a sentence."""
    cells = statistics.chosen(results, reported)
    if "patience" not in cells:
        return ""
    kept = cells.loc[(cells["patience"] > 0) & (cells["status"] == "ok"), "epoch"].astype(int)
    if kept.empty:
        return ""
    low, high = kept.min(), kept.max()
    after = f"{low} to {high} epochs (median {kept.median():g})" if low < high else f"epoch {low}"
    return f" Stopped early, each network is as it was best on validation: after {after}."


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
