"""Cards: one for everything in the catalogue, with the facts that are known of it."""

import copy
import io
import math
import pickle
import re

import numpy as np
import pytest
from rich.console import Console

from acts_jax.activations.catalogue import get, names
from acts_jax.precision.counterparts import torch_functional
from acts_jax.report import card, card_figure

pytestmark = pytest.mark.slow


def printed(made, width=100):
    console = Console(width=width, file=io.StringIO())
    console.print(card.terminal(made))
    return console.file.getvalue()


@pytest.mark.parametrize("name", names())
def test_everything_in_the_catalogue_gets_a_card(name):
    made = card.make(name)
    assert name in printed(made)
    drawn = card_figure.figure(made)
    assert len(drawn.axes) == (3 if get(name).elementwise else 2)
    for axes in drawn.axes:
        low, high = axes.get_ylim()
        assert low < high
        line = axes.lines[0].get_ydata()
        shown = line[np.isfinite(line)]
        assert ((shown >= low) & (shown <= high)).mean() > 0.2


def test_parameters_are_used_and_shown():
    made = card.make("prelu", {"slope": -0.75})
    assert made.shape.steep == ((-math.inf, math.inf),)
    assert "slope = −0.75 (default 0.25)" in printed(made)
    with pytest.raises(ValueError, match="slope"):
        card.make("prelu", {"slop": 1.0})
    made = card.make("soft_shrink", {"threshold": 1.3}, steep=0.5)
    assert "threshold = 1.3 (default 0.5)" in printed(made)
    assert card.text(made)["|f′| > 0.5"] == "|x| > 1.3"
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


def test_accuracy_is_measured_when_asked_for():
    assert "accuracy" not in card.text(card.make("relu"))
    line = card.text(card.make("relu", inputs=256))["accuracy"]
    assert re.search(r"float32 inputs.* f 0\.0, f′ 0\.0 .*jax\.nn: f 0\.0, f′ 0\.0", line)
    # beside PyTorch exactly where it is installed
    assert ("torch: f 0.0, f′ 0.0" in line) == bool(torch_functional())
