"""Loading results: what is not there, or cannot be read, is said in one sentence."""

import numpy as np
import pytest

from acts_jax import load_curves, load_results
from acts_jax.activations import catalogue
from acts_jax.errors import StoreError
from acts_jax.sweep import grid, store
from acts_jax.sweep.config import make_config


@pytest.fixture
def planned():
    config = make_config(activation="relu,tanh", width=4, seed="0,1")
    return grid.plan(config, catalogue.get, lambda name: None)


@pytest.fixture
def workdir(tmp_path, planned):
    """The results of a sweep of which one group failed."""
    trained, failing = planned.groups
    values = np.zeros((2, 2))
    last = np.ones(2, int)
    outcome = store.Outcome(
        np.arange(2), np.arange(2), {"validation_loss": values}, np.full(2, -1), last, last
    )
    with store.open_workdir(tmp_path, planned):
        store.write(tmp_path, trained, outcome)
        store.write_failure(tmp_path, failing, store.Failure("TypeError: no", "in line 1"))
    return tmp_path


def test_a_metric_that_no_cell_has_is_named_with_the_nearest(workdir):
    with pytest.raises(StoreError) as error:
        load_curves(workdir, metrics=["validationloss"])
    assert (
        str(error.value)
        == f"no curves of validationloss in {workdir}; did you mean 'validation_loss'?"
    )
    found = load_curves(workdir, metrics=["validationloss", "validation_loss"])
    assert set(found.metric) == {"validation_loss"}


def test_where_every_cell_failed_there_are_no_curves(workdir, planned):
    (workdir / "groups" / f"{store.name_of(planned.groups[0])}.parquet").unlink()
    assert set(load_results(workdir).status) == {"failed"}
    for metrics in (None, ["validation_loss"]):
        with pytest.raises(StoreError, match=f"^no curves in {workdir}: every cell failed$"):
            load_curves(workdir, metrics)


def test_a_file_that_the_system_does_not_give_is_not_called_damaged(workdir, planned):
    path = workdir / "groups" / f"{store.name_of(planned.groups[0])}.parquet"
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(StoreError) as error:
        load_results(workdir)
    assert str(error.value) == f"cannot read {path}: Too many levels of symbolic links"


def test_scores_on_validation_are_found_under_their_former_name(tmp_path, planned):
    values, last = np.arange(4.0).reshape(2, 2), np.ones(2, int)
    former = {"val_loss": values}
    outcome = store.Outcome(np.arange(2), np.arange(2), former, np.full(2, -1), last, last)
    with store.open_workdir(tmp_path, planned):
        store.write(tmp_path, planned.groups[0], outcome)
    assert load_results(tmp_path)["validation_loss"].tolist() == [1.0, 3.0]
    assert load_curves(tmp_path, ["validation_loss"])["value"].tolist() == [0.0, 1.0, 2.0, 3.0]
