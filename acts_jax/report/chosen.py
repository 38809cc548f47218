"""The table of chosen settings and their scores, for the page and for a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Group
from rich.table import Table
from rich.text import Text

from acts_jax.analysis import statistics
from acts_jax.analysis.pairing import ARROWS
from acts_jax.analysis.stages import CONFIRMED
from acts_jax.report.html import table
from acts_jax.report.sentences import nothing_trained, seeds, uneven
from acts_jax.report.style import brief, fate, percent, score, shorten, spelt, with_interval

MOST_LETTERS = 28  # of a name in the table for the terminal
EDGES = {"": "", "low": "lowest tried", "high": "highest tried"}
CLIFFS = {"": "", "low": "cliff below", "high": "cliff above"}


def terminal(
    reported: pd.DataFrame, class_counts: Mapping[str, Mapping[str, int]] | None = None
) -> Group:
    """What is reported, for a terminal of 80 columns: a table for each place, and notes.

    Args:
        reported: Of `stages.by_stage`.
        class_counts: As for `page.build`: with uneven ones the balanced accuracy is in the table.
    """
    parts: list[Table | Text] = []
    for name, _, rows in statistics.by_place(reported):
        parts += [Text(name, "bold")] if name else []
        counts = (class_counts or {}).get(str(rows["dataset"].iat[0]), {})
        parts.append(terminal_table(rows, uneven(counts)))
    return Group(*parts, *map(Text, _marks(reported)))


def terminal_table(reported: pd.DataFrame, uneven: bool = False) -> Table:
    """What is reported of one dataset; names and intervals may go on in another line.

    Args:
        reported: Of `stages.by_stage`.
        uneven: Whether the balanced accuracy stands beside the accuracy.
    """
    kind = kind_of(reported.iloc[0])
    confirmed = (reported["stage"] == CONFIRMED).any()
    reported = reported.assign(lost_=_lost(reported))
    shares = {"balanced": "test_balanced_accuracy"} if uneven else {}
    shares |= {"dead": "dead_fraction"} | ({"lost": "lost_"} if reported["lost_"].any() else {})
    found = Table(box=None, pad_edge=False, header_style="bold")
    found.add_column("activation", overflow="fold", min_width=10)
    for head in ("depth", "best lr", "tuned on\nvalidation"):
        found.add_column(head, justify="right", no_wrap=True)
    if confirmed:
        found.add_column(f"confirmed\ntest {spelt(kind)}", justify="right", min_width=12)
    for head in shares:
        found.add_column(f"{head},\ntuned", justify="right", no_wrap=True)
    ranked = reported.sort_values("score", ascending=kind == "rmse", kind="stable")
    for _, row in ranked.sort_values("depth", kind="stable").iterrows():
        entries = [*_settings(row, kind), *([_confirmed(row, kind)] if confirmed else [])]
        entries += [percent(row[column]) for column in shares.values()]
        found.add_row(Text(shorten(str(row["activation"]), MOST_LETTERS)), *entries)
    return found


def _settings(row: pd.Series, kind: str) -> tuple[str, str, str]:
    """Depth, learning rate with a mark, and the score that chose it."""
    if row["lost_share"] == 1:
        return str(row["depth"]), "–", f"all {fate(row)}"
    mark = ARROWS[row["at_edge"]].strip() or ("!" if row["at_cliff"] else " ")
    rate = f"{brief(row['learning_rate'], 3)}{mark}"
    return str(row["depth"]), rate, score(row[f"validation_{kind}"], kind)


def _confirmed(row: pd.Series, kind: str) -> str:
    """The score from fresh seeds, and how many have it unless all do."""
    if row["stage"] != CONFIRMED or row["lost_share"] == 1:
        return "–"
    text = with_interval(row, kind, "%" if kind == "accuracy" else "")
    return f"{text} ({seeds(row)})" if row["failed"] else text


def _marks(reported: pd.DataFrame) -> list[str]:
    """What the marks beside learning rates say, and that nothing is confirmed where it is so."""
    said = []
    if (reported["at_edge"] != "").any():
        said.append("↓ ↑ the edge of the rates tried: better ones may lie beyond")
    if ((reported["at_edge"] == "") & (reported["at_cliff"] != "")).any():
        said.append("! a cliff: training fails at the next rate")
    if _lost(reported).any():
        said.append("lost: diverged, or could not be trained")
    return said + nothing_trained(reported)


def _lost(reported: pd.DataFrame) -> pd.Series:
    """The share of the networks that tuned each row which are without a score."""
    return reported["diverged_share"] + reported["failed_share"]


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
    new = np.flatnonzero(ordered["depth"].ne(ordered["depth"].shift()))
    tried = results.groupby(["activation", "depth"], observed=True)["learning_rate"].nunique()
    entries = [
        _entries(row, tried[row["activation"], row["depth"]], others, lost, kind, uneven)
        for _, row in ordered.iterrows()
    ]
    rows = [list(row.values()) for row in entries]
    note = _note(results, ordered, kind, uneven)
    return table(entries[0], rows, new=new) + f"<p class=note>{escape(note)}</p>"


def _entries(
    row: pd.Series, tried: int, others: list[str], lost: list[str], kind: str, uneven: bool
) -> dict[str, str]:
    """Heading -> entry as HTML, of a row."""
    warned = ", ".join(filter(None, (EDGES[row["at_edge"]], CLIFFS[row["at_cliff"]])))
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
