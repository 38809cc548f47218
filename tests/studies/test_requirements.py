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
    with pytest.raises(ConfigError, match="takes one dataset, not digits, mnist1d"):
        requirements.only_classification({"digits": digits, "mnist1d": digits})


def test_an_axis_of_an_activations_parameter_is_refused():
    requirements.only_fixed_parameters(plan(activation="elu"))
    with pytest.raises(ConfigError, match=r"elu\.alpha takes one value here"):
        requirements.only_fixed_parameters(plan(activation="elu", elu={"alpha": (0.5, 1)}))


def test_several_shapes_are_refused():
    with pytest.raises(ConfigError, match="takes one depth and width, not 2 shapes"):
        requirements.only_one_shape(plan(depth=(1, 2)))
