"""The methods paragraph says what was done, from the results alone."""

import pandas as pd

from acts_jax.report import methods
from tests.made_up import make_confirmed, make_results

SIZES = {"digits": {"training": 1157, "validation": 320, "test": 320}}


def test_the_paragraph_names_everything_that_was_done(results):
    text = methods.paragraph(
        results,
        make_confirmed(results),
        sizes=SIZES,
        margin="0.5 points",
        versions="jax 0.10.2",
        command="python -m experiments.sweep --config.depth=2,4,8",
    )
    assert text.endswith(" The command was: python -m experiments.sweep --config.depth=2,4,8")
    for said in (
        "with 2, 4 and 8 hidden layers of 64 units",
        "digits (1,157 training, 320 validation and 320 test examples)",
        "with the activations elu, leaky_relu, prelu, relu, sbaf, sigmoid, silu and tanh.",
        "Inputs were scaled to [0, 1]; weights were drawn with variance 2/fan-in (He).",
        "The optimizer was SGD, with batches of 64 for 10 epochs.",
        "For each activation and depth, the learning rate of the highest mean accuracy on "
        "validation over 5 seeds was chosen, out of 7 learning rates from 0.003 to 3.",
        "trained anew from 10 fresh seeds, each of which sets the initial weights and the order "
        "of the batches.",
        "Holm's correction; differences below 0.5 points count as equivalent",
        "acts_jax (jax 0.10.2)",
    ):
        assert said in text


def test_nuisances_splits_and_what_is_not_confirmed_are_told():
    results = make_results(("relu", "tanh"), (2,), seeds=2)
    several = results.assign(init="lecun_normal", weight_decay=0.1, optimizer="adamw", patience=3)
    both = methods.paragraph(pd.concat([results.assign(patience=3), several]), None, sizes={})
    assert "the learning rate, optimizer, weight decay, epochs" not in both
    assert "initial weights" in both and "Adam" in both and "weight decay 0.1" in both
    assert "stopped once 3 evaluations were no better" in both
    assert "The scores are those of the seeds by which the settings were chosen." in both
    divided = make_confirmed(results).assign(split_seed=lambda cells: cells["seed"])
    text = methods.paragraph(results, divided, sizes=SIZES)
    assert "and the division into training, validation and test examples." in text
    single = results[(results["learning_rate"] == 0.1)]
    assert "Nothing was tuned." in methods.paragraph(single, None, sizes={})


def test_odd_sweeps_are_told_without_a_fault():
    one = make_results(("relu",), (1,), rates=(0.1,), seeds=1)
    text = methods.paragraph(one, make_confirmed(one, 1), sizes={}, margin="0.5 points")
    assert "with 1 hidden layer of 64 units on digits, with the activation relu." in text
    assert "Nothing was tuned." in text and "learning rates from" not in text
    assert "from 1 fresh seed, which sets the initial weights" in text
    assert "intervals" not in text and "compared" not in text
    flat = one.assign(depth=0, width=0, hidden_sizes="")
    assert "multilayer perceptrons with no hidden layer on" in methods.paragraph(
        flat, None, sizes={}
    )
    mixed = pd.concat([one, make_results(("relu",), (1,), regression=True).assign(dataset="d")])
    assert "highest mean accuracy or lowest mean loss" in methods.paragraph(mixed, None, sizes={})
    normed = pd.concat([one, one.assign(layer_norm=True, init="lecun_normal")])
    text = methods.paragraph(normed, None, sizes={})
    assert "(He) or with variance 1/fan-in (LeCun), with and without layer normalisation" in text
    assert "the combination of initial weights and layer norm" in text
