"""What a study cannot compare is refused, in one sentence."""

import pytest

from acts_jax.activations import catalogue
from acts_jax.errors import ConfigError
from acts_jax.studies import requirements
from acts_jax.sweep import grid
from acts_jax.sweep.config import make_config


def plan(**fields):
    return grid.plan(make_config(**fields), catalogue.get, lambda name: None)


def test_several_datasets_are_refused(digits):
    both = {"digits": digits, "mnist1d": digits}
    with pytest.raises(ConfigError, match="takes one dataset, not digits, mnist1d"):
        requirements.check(plan(), both)


@pytest.mark.parametrize(
    ("fields", "rules", "message"),
    [
        (
            {"activation": "elu", "elu": {"alpha": (0.5, 1)}},
            {"fixed_parameters": True},
            r"elu\.alpha takes one value here",
        ),
        ({"depth": (1, 2)}, {"one_shape": True}, "takes one depth and width, not 2 shapes"),
        ({"depth": (1, 2)}, {"single": ["depth"]}, "takes one depth, not 1, 2"),
        ({"depth": (1, 2)}, {"free": ["learning_rate"]}, "takes one depth, not 1, 2"),
        ({"activation": "elu"}, {"activations": ["elu", "relu"]}, "activations elu and relu"),
        ({"activation": "elu"}, {"needs": {"activation": ["relu"]}}, "needs activation relu, too"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_only_that(digits, fields, rules, message):
    requirements.check(plan(**fields), {"digits": digits})
    keeps = {"activation": ("elu", "relu") if "activations" in rules else "relu", "seed": 0}
    requirements.check(plan(**keeps, learning_rate=(0.1, 0.2)), {"digits": digits}, **rules)
    with pytest.raises(ConfigError, match=message):
        requirements.check(plan(**fields), {"digits": digits}, **rules)
