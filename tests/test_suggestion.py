"""What an error message says of a name that does not exist."""

import pytest

from acts_jax.suggestion import suggest


@pytest.mark.parametrize(
    ("word", "choices", "expected"),
    [
        ("rleu", ["relu", "tanh"], "; did you mean 'relu'?"),
        ("elu", ["relu", "selu", "tanh"], "; did you mean 'selu' or 'relu'?"),
        ("ReLU", ["relu", "relu6", "prelu"], "; did you mean 'relu'?"),
        (" leaky-ReLU ", ["leaky_relu", "leakyrelu", "relu"], "; did you mean 'leaky_relu'?"),
        ("LearningRate", ["learning_rate", "rate"], "; did you mean 'learning_rate'?"),
        ("HARD-TAHN", ["hard_tanh", "tanh"], "; did you mean 'hard_tanh'?"),
        ("zzz", ["relu", "elu"], "; choose from elu, relu."),
        ("zzz", [], "."),
        ("zzz", [f"name{i}" for i in range(100)], "."),
    ],
)
def test_the_nearest_names_are_offered(word, choices, expected):
    assert suggest(word, choices) == expected


def test_no_more_are_offered_than_asked_for():
    assert suggest("elu", ["relu", "selu", "celu"], most=1).count("'") == 2
