"""Kinds of networks: what each knows is planned, and what it does not know is refused."""

import pytest

from acts_jax.activations import catalogue
from acts_jax.errors import ConfigError
from acts_jax.sweep import grid
from acts_jax.sweep.config import FIELDS, make_config, with_fields
from acts_jax.sweep.kinds import KINDS

OWN = {"width": 8, "blocks": 2, "skip": True}


def plan(**fields):
    config = make_config(**fields)
    describe = {"mine:Net": OWN, "mine:Plain": {}}.__getitem__
    return grid.plan(config, catalogue.get, lambda name: None, describe_model=describe)


def test_a_config_names_the_kinds_that_there_are():
    assert FIELDS["model"].choices == tuple(KINDS)


def test_a_model_is_an_axis_and_its_fields_are_too():
    planned = plan(model="mlp,cnn", cnn={"pool": "max,mean"}, activation="relu,tanh", depth=2)
    found = {(g.static.model, g.static.model_fields, g.static.hidden_sizes) for g in planned.groups}
    assert found == {
        ("mlp", (), (64, 64)),
        ("cnn", (("pool", "max"), ("dense", 64)), (64, 128)),
        ("cnn", (("pool", "mean"), ("dense", 64)), (64, 128)),
    }
    assert len(planned.groups) == 6
    columns = planned.groups[-1].columns()
    assert (columns["model"], columns["cnn.pool"], columns["cnn.dense"]) == ("cnn", "mean", 64)
    assert (columns["depth"], columns["width"], columns["hidden_sizes"]) == (2, 64, "64-128")
    assert "model" not in planned.groups[0].columns()
    assert planned.config["cnn"] == {"pool": ["max", "mean"], "dense": [64]}


def test_the_mlp_is_planned_as_it_was_before_there_were_others():
    alone, among = plan(activation="relu"), plan(activation="relu", model="mlp,vit")
    assert alone.groups[0].key == among.groups[0].key
    assert "mlp" not in alone.config


def test_what_one_s_own_knows_is_an_axis_and_what_it_does_not_makes_no_group():
    planned = plan(
        model="mine:Net", depth="2,4", width="4,8", init="he_normal,lecun_normal", Net={"blocks": 3}
    )
    statics = [group.static for group in planned.groups]
    assert [(s.hidden_sizes, s.init) for s in statics] == [((4,), "its own"), ((8,), "its own")]
    assert statics[0].model_fields == (("blocks", 3), ("skip", True), ("width", 4))
    columns = planned.groups[0].columns()
    assert (columns["Net.blocks"], columns["width"], "Net.width" in columns) == (3, 4, False)
    assert len(plan(model="mine:Plain", depth="2,4").groups) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "cn"}, "unknown model 'cn'; did you mean 'cnn'?"),
        ({"model": "cnn", "layer_norm": True}, "model 'cnn' has no layer_norm; it has cnn.dense, "),
        ({"model": "vit", "hidden_sizes": "8-8"}, "model 'vit' has no hidden_sizes; it has depth"),
        ({"model": "cnn", "depth": 0}, "model 'cnn' has a depth of at least 1"),
        ({"model": "cnn", "cnn": {"pol": 1}}, "model 'cnn' has no field 'pol'; did you mean 'pool"),
        ({"model": "cnn", "cnn": {"pool": "min"}}, "unknown cnn.pool 'min'"),
        ({"model": "vit", "vit": {"heads": 0}}, "vit.heads must be at least 1"),
        ({"model": "vit", "vit": 3}, "vit takes its fields by name, as vit.NAME=VALUE"),
        ({"cnn": {"pool": "max"}}, "unknown config field 'cnn'"),
        ({"model": "mine:Net", "init_gain": 2}, "model 'mine:Net' has no init_gain; it has Net.bl"),
        ({"model": "mine:Net", "Net": {"blocks": "two"}}, "Net.blocks takes numbers"),
    ],
)
def test_what_a_model_does_not_know_is_refused_in_one_sentence(fields, message):
    with pytest.raises(ConfigError) as error:
        plan(**fields)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


def test_fields_of_a_model_are_set_and_go_with_it():
    config = with_fields(make_config(model="cnn"), [("cnn.pool", "mean")])
    assert config["cnn"] == {"pool": "mean"}
    assert "cnn" not in with_fields(config, [("model", "vit")])
