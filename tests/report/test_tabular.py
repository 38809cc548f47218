"""Tables for a paper: all columns as CSV, the short ones as LaTeX that compiles."""

import pandas as pd

from acts_jax.analysis import stages, statistics
from acts_jax.report import tabular
from tests.made_up import judged, make_results


def test_tables_hold_every_score_and_comparison(results, tmp_path):
    reported, comparisons = judged(results)
    paths = tabular.write_tables(reported, comparisons, tmp_path)
    assert [p.name for p in paths] == [
        "scores.csv", "scores.tex", "comparisons.csv", "comparisons.tex",
    ]  # fmt: skip
    scores = pd.read_csv(tmp_path / "scores.csv")
    pd.testing.assert_series_equal(scores["score"], reported["score"], check_exact=True)
    text = (tmp_path / "scores.tex").read_text()
    lines = text.splitlines()
    assert lines[0].startswith(r"\begin{tabular}{") and lines[-1] == r"\end{tabular}"
    columns = lines[0].removesuffix("}").rpartition("{")[2]
    rows = [line for line in lines if line.endswith(r"\\")]
    assert len(rows) == 1 + len(reported)
    assert {row.count(" & ") + 1 for row in rows} == {len(columns)}
    assert r"leaky\_relu" in text and r"$\pm$" in text and r"\%" in text and "±" not in text
    pairs = (tmp_path / "comparisons.tex").read_text()
    assert pairs.count("equivalent within") == (comparisons["verdict"].str[:2] == "eq").sum()


def test_what_is_not_confirmed_says_so_and_needs_no_comparisons(tmp_path):
    results = make_results(("relu", "$x_1$ & {y}"), (2,), seeds=2)
    paths = tabular.write_tables(stages.by_stage(statistics.select(results)), None, tmp_path / "t")
    assert [p.name for p in paths] == ["scores.csv", "scores.tex"]
    text = paths[1].read_text()
    assert text.count("& tuned &") == 2
    assert r"\$x\_1\$ \& \{y\}" in text


def test_a_backslash_is_written_once():
    assert r"\textbackslash{}a\_b" in tabular.latex(pd.DataFrame({"x": ["\\a_b"]}))
