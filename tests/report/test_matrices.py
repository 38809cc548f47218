"""Comparisons on the page: whose mean ranks they are, and of which datasets they speak."""

import re

import numpy as np
import pandas as pd

from acts_jax.analysis import ranking
from acts_jax.report.matrices import html_ranks
from tests.made_up import make_confirmed, make_results


def confirmed(datasets):
    """The same two activations and depths on so many datasets."""
    once = make_confirmed(make_results(("relu", "tanh", "elu"), (2, 4), seeds=2), seeds=4)
    parts = [once.assign(dataset=f"set{i}", cell=f"{i} " + once["cell"]) for i in range(datasets)]
    return pd.concat(parts, ignore_index=True)


def text(cells):
    return re.sub(r"<[^>]*>", " ", html_ranks(ranking.over_all(cells)))


def test_the_interval_says_of_which_datasets_it_speaks():
    assert "covers seeds. " in text(confirmed(1))
    few = text(confirmed(3))
    assert "6 combinations of dataset and depth" in few
    assert "covers seeds; it is about these 3 datasets, since fewer than 5 are too few" in few
    assert "covers seeds and datasets. " in text(confirmed(5))


def test_one_seed_has_no_interval():
    cells = confirmed(1)
    page = html_ranks(ranking.over_all(cells[cells["seed"] == 100]))
    assert "<td>–</td>" in page and "nan" not in page


def test_who_is_not_ranked_is_named_with_the_reason():
    cells = confirmed(2)
    gone = (cells["activation"] == "tanh") & (cells["dataset"] == "set1") & (cells["depth"] == 4)
    said = text(cells[~gone])
    assert "Not ranked: tanh (at depth 4 of set1), where no network could be trained" in said
    assert len(re.findall(r"<tr><td>", html_ranks(ranking.over_all(cells[~gone])))) == 2
    alone = text(cells[np.logical_not(gone) & (cells["activation"] != "elu")])
    assert "Nobody is ranked, since fewer than two ran everywhere: tanh (at depth 4" in alone
