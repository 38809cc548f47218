"""The page: numbers computed from the data, everything escaped, nothing loaded from elsewhere."""

import re
from html import escape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from acts_jax.analysis import stages, statistics
from acts_jax.report import chosen, page
from acts_jax.report.style import score, with_interval
from tests.made_up import judged, make_curves, make_results

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(results, curves, tmp_path_factory):
    path = tmp_path_factory.mktemp("sweep") / "report.html"
    facts = {"machine": "2 cores", "jax": "0.12.0"}
    return page.build(
        results,
        curves,
        *judged(results),
        title="A < B",
        facts=facts,
        path=path,
        config="seed = 'x' & <y>",
        methods="We <trained>.",
        chance=0.1,
    )


def tuned(results):
    """What is reported of results that nothing confirms."""
    return stages.by_stage(statistics.select(results))


class Tags(HTMLParser):
    """Open tags must close in order; links are collected."""

    def __init__(self):
        super().__init__()
        self.open, self.links = [], []

    def handle_starttag(self, tag, attrs):
        self.links += [v for k, v in attrs if k in ("src", "href", "xlink:href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.links += [v for k, v in attrs if k in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(text):
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert all(link.startswith(("#", "data:")) for link in tags.links)
    assert not re.search(r"url\((?!#)", text)
    return text


def test_page_is_well_formed_and_self_contained(built):
    text = checked(built.read_text())
    assert "<title>A &lt; B</title>" in text and "<h1>A &lt; B</h1>" in text
    assert "seed = &#x27;x&#x27; &amp; &lt;y&gt;" in text
    assert "2 cores" in text and "0.12.0" in text
    assert "We &lt;trained&gt;." in text
    assert escape(f"acts_jax.load_results({str(built.parent)!r})") in text
    assert escape(f'acts_jax.load_results({str(built.parent)!r}, stage="confirmed")') in text
    assert text.count("<svg") == 5


def test_page_lies_beside_its_figures_and_nothing_else(built):
    assert {p.name for p in built.parent.iterdir()} == {"report.html", "figures"}
    names = {"test_table", "learning_rate", "dead_units", "gradient_norm", "learned_parameters"}
    assert {p.stem for p in (built.parent / "figures").iterdir()} == names


def test_page_contains_every_chosen_number(built, results):
    text = built.read_text()
    reported, comparisons = judged(results)
    for row in reported.itertuples():
        assert f"<td>{100 * row.score:.1f}%</td>" in text
        assert f"<td>{100 * row.low:.1f}% – {100 * row.high:.1f}%</td>" in text
        assert f"<td>{100 * row.validation_accuracy:.1f}%</td>" in text
    for row in comparisons.itertuples():
        assert f"{row.activation} − {row.other}: {row.verdict};" in text
    assert "<em>tuned</em>" not in text


def test_what_is_not_confirmed_is_marked_as_tuned(results, curves, tmp_path):
    few = results[results["activation"].isin(FEW) & (results["depth"] == 2)]
    path = tmp_path / "r.html"
    text = page.build(few, curves.iloc[:0], tuned(few), title="t", facts={}, path=path).read_text()
    assert text.count("<em>tuned</em>") == len(FEW)
    assert "Nothing is confirmed: every test accuracy here is tuned" in text
    assert "Paired comparisons" not in text


def test_odd_names_are_escaped(tmp_path):
    name = "<script>alert('&')</script> $x$ [bold]"
    results = make_results(activations=(name, "prelu"), depths=(2,), seeds=2)
    drawn = judged(results)
    built = page.build(
        results,
        make_curves(results),
        *drawn,
        title="t",
        facts={"<k>": "<v>"},
        path=tmp_path / "r.html",
    )
    text = checked(built.read_text())
    assert "<script" not in text and "&lt;script&gt;" in text and "&lt;k&gt;" in text
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(chosen.terminal(drawn[0]))
    console.file.close()
    assert name[-20:] in console.export_text()


FEW = ("relu", "prelu", "sigmoid")


def all_diverged():
    results = make_results(FEW, depths=(2,), rates=(0.1,), seeds=2)
    scores = [c for c in results if c.endswith(("_loss", "_accuracy", "_fraction"))]
    return results.assign(status="diverged", **dict.fromkeys(scores, np.nan))


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (make_results(activations=("relu",), depths=(3,), rates=(0.1,), seeds=1), "relu comes to"),
        (make_results(FEW, seeds=2, depths=(2,), regression=True), "test RMSE"),
        (make_results(FEW, depths=(2,), diverge_from=0.001), "cells diverged while tuning"),
        (all_diverged(), "6 of 6 cells diverged while tuning (100.0%)"),
    ],
    ids=["one", "regression", "diverging", "all diverged"],
)
def test_any_sweep_makes_a_page(results, expected, tmp_path):
    drawn = judged(results) if (results["status"] == "ok").any() else [tuned(results)]
    built = page.build(
        results,
        make_curves(results, 2),
        *drawn,
        title="t",
        facts={},
        path=tmp_path / "r.html",
        chance=0.1,
    )
    text = checked(built.read_text())
    assert expected in text
    trained = (results["status"] == "ok").any()
    assert ("comes to" in text) == trained
    nothing = "Nothing is confirmed: no network was trained to its end, at any setting."
    assert (nothing in text) == (not trained)
    assert (nothing in " ".join(on_a_terminal(drawn[0]))) == (not trained)


def test_a_page_without_curves_leaves_their_figures_out(results, curves, tmp_path):
    few = results[results["activation"].isin(FEW) & (results["depth"] == 2)]
    none = curves.iloc[:0]
    built = page.build(few, none, *judged(few), title="t", facts={}, path=tmp_path / "r.html")
    assert built.read_text().count("<svg") == 3


def test_figures_that_would_be_empty_are_left_out():
    results = make_results(("elu", "silu"), depths=(2,), seeds=1)
    none = make_curves(results, 2).iloc[:0]
    assert set(page.draw(results, none, tuned(results))) == {"test_table", "learning_rate"}
    one = make_results(FEW, depths=(2,), rates=(0.1,), seeds=1)
    assert set(page.draw(one, none, tuned(one))) == {"test_table"}


def test_networks_stopped_early_are_said_to_be_so(tmp_path):
    results = make_results(FEW, depths=(2,), rates=(0.1,), seeds=2).assign(patience=3, epoch=4)

    def text(results):
        path, curves = tmp_path / "r.html", make_curves(results, 2)
        built = page.build(results, curves, tuned(results), title="t", facts={}, path=path)
        return built.read_text()

    assert "best on validation: after epoch 4." in text(results)
    assert "Stopped early" not in text(results.assign(patience=0))


def test_several_datasets_have_sections_of_their_own(tmp_path):
    first = make_results(activations=("relu", "tanh"), depths=(2,), seeds=2)
    second = first.assign(dataset="other", cell="other " + first["cell"], test_accuracy=0.1)
    results = pd.concat([first, second], ignore_index=True)
    curves = make_curves(results, 2)
    built = page.build(
        results,
        curves,
        *judged(results),
        title="t",
        facts={},
        path=tmp_path / "r.html",
        chance={"other": 0.1},
    )
    text = built.read_text()
    assert "<h2>digits</h2>" in text and "<h2>other</h2>" in text
    assert text.count("At chance") == 1 and text.count("chance, 10.0%") == 1
    assert (tmp_path / "figures" / "other_test_table.png").exists()


def test_a_failure_leaves_the_old_page(tmp_path, results, curves):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(ValueError, match="no rows"):
        page.build(results.iloc[:0], curves, tuned(results), title="t", facts={}, path=path)
    assert path.read_text() == "old"


def on_a_terminal(reported, *arguments):
    """The lines of the table on a terminal of 80 columns."""
    with open("/dev/null", "w") as nowhere:
        console = Console(width=80, record=True, file=nowhere)
        console.print(chosen.terminal(reported, *arguments))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    return lines


def test_nothing_is_cut_off_on_a_terminal_of_80_columns():
    # as wide as it gets: long names, lost seeds, uneven classes, and a regression beside them
    names = ("my_package.my_module:my_function", "leaky_relu")
    first = make_results(names, depths=(2, 8), seeds=2)
    first.loc[first.index[::5], "status"] = "failed"
    second = make_results(names, depths=(2, 8), seeds=2, regression=True)
    second = second.assign(dataset="diabetes", cell="other " + second["cell"])
    reported, _ = judged(pd.concat([first, second], ignore_index=True))
    reported["failed"] = 3
    lines = on_a_terminal(reported, {"digits": {"ill": 20, "well": 50}})
    assert not any("…" in line.replace("…my_module", "") for line in lines)
    assert {"digits", "diabetes"} <= {line.strip() for line in lines}
    assert sum("RMSE" in line for line in lines) == 1
    joined = " ".join(" ".join(lines).split())
    for row in reported.itertuples():
        kind = "accuracy" if row.dataset == "digits" else "rmse"
        assert score(row.score, kind).strip("%") in joined
    assert joined.count("13)") == len(reported) and "lost: diverged" in joined


def test_the_terminal_has_every_score_with_its_interval(results):
    reported, _ = judged(results)
    lines = on_a_terminal(reported)
    row = reported.query("activation == 'relu' and depth == 8").iloc[0]
    found = with_interval(row, "accuracy", "%")
    assert any(line.startswith("relu") and found in line for line in lines)
    assert any(line.startswith("sigmoid") and "0.003↓" in line for line in lines)


def test_balanced_accuracy_stands_beside_accuracy_where_classes_are_uneven(tmp_path):
    results = make_results(FEW, seeds=2, depths=(2,))
    curves = make_curves(results, 2)

    def text(**counts):
        built = page.build(
            results,
            curves,
            tuned(results),
            title="t",
            facts={},
            path=tmp_path / "r.html",
            class_counts={"digits": counts},
        )
        return checked(built.read_text())

    uneven = text(ill=20, well=50)
    assert "class well has 2.5 times the training examples of class ill" in uneven
    best = statistics.select(results)["test_balanced_accuracy"].max()
    assert f"is {100 * best:.1f}%" in uneven
    assert "<th>balanced</th>" in uneven
    even = text(ill=20, well=30)
    assert "Balanced" not in even
    assert "<th>balanced</th>" not in even
    selection = tuned(results)
    heads = [column.header for column in chosen.terminal_table(selection).columns]
    assert "balanced,\ntuned" not in heads
    table = chosen.terminal_table(selection, uneven=True)
    heads = [column.header for column in table.columns]
    cells = list(table.columns[heads.index("balanced,\ntuned")].cells)
    assert f"{100 * best:.1f}%" in cells
    assert len(cells) == len(selection)
