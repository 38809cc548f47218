"""What is reported as tables for a paper: LaTeX with booktabs' rules, and CSV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from acts_jax.analysis import statistics
from acts_jax.files import write_text
from acts_jax.report.chosen import kind_of
from acts_jax.report.export import to_csv
from acts_jax.report.sentences import gap, seeds
from acts_jax.report.style import brief, fate, percent, spelt, with_interval

SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
    | {"±": r"$\pm$", "−": "$-$", "–": "--"}
)

# How columns begin that describe the networks which chose a setting, whatever the stage.
OF_TUNING = ("validation_", "test_", "dead_", "saturated_", "diverged_", "lost_", "failed_share")


def write_tables(
    reported: pd.DataFrame, comparisons: pd.DataFrame | None, folder: Path
) -> list[Path]:
    """Writes `scores` and `comparisons`, each as .csv with all columns and as .tex to be read.

    Args:
        reported: Of `stages.by_stage`.
        comparisons: Of `verdicts.compare`; None without any.
        folder: Made if need be.

    Raises:
        StoreError: If a file cannot be written.
    """
    names = {c: f"tuned_{c}" for c in reported if c.startswith(OF_TUNING)}
    tables = {"scores": (reported.rename(columns=names), _scores(reported))}
    if comparisons is not None:
        tables["comparisons"] = comparisons, _comparisons(comparisons, reported)
    written = []
    for name, (full, short) in tables.items():
        written.append(to_csv(full, folder / f"{name}.csv"))
        write_text(folder / f"{name}.tex", latex(short))
        written.append(folder / f"{name}.tex")
    return written


def latex(frame: pd.DataFrame) -> str:
    """A frame of texts as a LaTeX table: the first columns left, those of numbers right."""
    numbers = [frame[c].str.match(r"[−+]?\d").all() for c in frame]
    columns = "".join("r" if number else "l" for number in numbers)
    lines = [r"\begin{tabular}{" + columns + "}", r"\toprule", _row(frame.columns), r"\midrule"]
    lines += [_row(row) for row in frame.itertuples(index=False)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _row(entries) -> str:
    return " & ".join(str(entry).translate(SPECIAL) for entry in entries) + r" \\"


def _scores(reported: pd.DataFrame) -> pd.DataFrame:
    """What is reported, in words and short numbers."""
    several = statistics.groups(reported, [])
    rows = []
    for _, row in reported.iterrows():
        kind = kind_of(row)
        unit = ", %" if kind == "accuracy" else ""
        rows.append(
            {name: str(row[name]) for name in (*several, "depth", "activation")}
            | {
                "learning rate": brief(row["learning_rate"], 3),
                f"test {spelt(kind)}{unit}": with_interval(row, kind)
                if np.isfinite(row["score"])
                else f"all {fate(row)}",
                "stage": row["stage"],
                "seeds": seeds(row),
                "dead, tuned": percent(row["dead_fraction"]),
                "diverged, tuned": percent(row["diverged_share"]),
            }
        )
    return pd.DataFrame(rows).fillna("–")


def _comparisons(comparisons: pd.DataFrame, reported: pd.DataFrame) -> pd.DataFrame:
    kinds = {row["dataset"]: kind_of(row) for _, row in reported.iterrows()}
    only = reported["dataset"].iat[0]
    by = list(comparisons.columns[: comparisons.columns.get_loc("activation")])
    rows = [
        {name: str(row[name]) for name in (*by, "activation", "other")}
        | {
            "difference": gap(row["difference"], kind),
            "95% interval": f"{gap(row['low'], kind)} to {gap(row['high'], kind)}",
            "p (Holm)": brief(row["p_holm"]) if row["p_holm"] >= 0 else "–",
            "verdict": row["verdict"],
        }
        for _, row in comparisons.iterrows()
        for kind in [kinds[row.get("dataset", only)]]
    ]
    return pd.DataFrame(rows)
