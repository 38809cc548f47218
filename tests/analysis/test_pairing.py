"""Scores seed by seed."""

import pandas as pd

from acts_jax.analysis.pairing import by_seed, edge_note, rate, rates


def test_scores_are_those_of_the_setting_that_validation_chooses():
    rows = [
        (name, rate, seed, status, val, test)
        for name, rate, status, val, test in [
            ("relu", 0.1, "ok", 0.9, 0.8), ("relu", 1.0, "ok", 0.8, 0.99),
            ("tanh", 0.1, "ok", 0.5, 0.4), ("tanh", 1.0, "diverged", None, None),
        ]
        for seed in (3, 7)
    ]  # fmt: skip
    columns = [
        "activation",
        "learning_rate",
        "seed",
        "status",
        "validation_accuracy",
        "test_accuracy",
    ]
    results = pd.DataFrame(rows, columns=columns)
    results.insert(0, "cell", range(len(results)))
    for column in ("validation_loss", "test_loss", "dead_fraction", "saturated_fraction"):
        results[column] = 1.0
    table = by_seed(results)
    assert list(table.index) == [3, 7]
    assert table["relu"].tolist() == [0.8, 0.8]
    assert table["tanh"].tolist() == [0.4, 0.4]


def test_rates_at_the_edge_of_the_sweep_have_an_arrow():
    selection = pd.DataFrame(
        {"learning_rate": [0.03, 0.1, 1 / 3], "at_edge": ["low", "", "high"]}, index=list("abc")
    )
    assert rates(selection) == ["0.03 ↓", "0.1", "0.333 ↑"]
    assert edge_note(rates(selection)).endswith("a better one may lie beyond.")
    assert edge_note(["0.1"]) == ""


def test_a_rate_is_marked_at_the_edge_of_those_tried():
    assert [rate(r, [1.0, 0.1, 3.0]) for r in (0.1, 1.0, 3.0)] == ["0.1 ↓", "1", "3 ↑"]
    assert rate(0.1, [0.1]) == "0.1"
    assert rate(1 / 3, [0.1, 1.0], digits=2) == "0.33"
