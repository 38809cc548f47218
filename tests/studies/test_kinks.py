"""The derivative at a kink, on networks that have silent layers and networks that have none."""

import pytest

from acts_jax import load_results
from acts_jax.studies import kinks

pytestmark = pytest.mark.slow


def test_either_derivative_at_zero_will_do_unless_layers_are_silent(told, tmp_path):
    fields = {"hidden_sizes": "32,2-2-2-2", "learning_rate": "0.03", "epochs": "1"}
    claim = told(kinks.study, tmp_path, **fields, seed="0,1,2")
    pairs = claim.numbers["pairs"].set_index("hidden_sizes")
    assert pairs.loc["32", "identical"].all()
    assert not pairs.loc["2-2-2-2", "identical"].all()
    assert not pairs.loc["32", "difference"].any()
    cells = load_results(tmp_path).set_index(["hidden_sizes", "seed", kinks.SLOPE])
    for sizes, pair in pairs.iterrows():
        zero, one = (cells.loc[(sizes, pair.seed, slope)] for slope in (0.0, 1.0))
        assert pair.identical == (zero.train_loss == one.train_loss)
        assert pair.difference == pytest.approx(one.test_accuracy - zero.test_accuracy)
    checks = {check.statement: check for check in claim.checks}
    assert checks["elu′, α 2, left of 0"].measured == pytest.approx(2)
    assert checks["elu′, α 2, right of 0"].measured == pytest.approx(1)
    for statement, check in checks.items():
        assert check.theorem == (not statement.startswith("hidden layers"))
        assert check.holds or statement.startswith("hidden layers 2-2-2-2")


def test_elu_is_held_to_its_formula():
    assert kinks.elu_error(2.0) <= 1e-15
