"""Checkpoints: what is loaded is what was saved, or nothing."""

import logging

import jax
import numpy as np
import pytest

from acts_jax.activations import catalogue
from acts_jax.sweep import checkpoint, engine, grid, packing, running
from acts_jax.sweep.config import make_config

pytestmark = pytest.mark.slow


class Trained:
    """A small group, with a way to build its program anew."""

    def __init__(self, digits, **fields):
        fields = {"width": 4, "epochs": 3, "evals": 3, "batch_size": 512, "seed": "0,1,2"} | fields
        planned = grid.plan(make_config(**fields), catalogue.get, lambda name: None)
        (self.group,) = planned.groups
        splits = engine.put(digits, "unit", packing.devices_for(self.group, 2))
        self.program = lambda: engine.build(self.group, digits, splits, 2)

    def run(self, folder=None, stop_after=None):
        """Trains from the checkpoint in a folder, and leaves one there after some chunks."""
        program = self.program()
        start = checkpoint.load(folder, running.beginning(program, self.group)) if folder else None

        def on_chunk(standing):
            if standing.evaluations == stop_after:
                checkpoint.save(folder, standing)
                raise StopIteration

        return running.run(program, self.group, on_chunk, start)


@pytest.fixture(scope="module", params=[{"activation": "prelu", "depth": 1}, {"depth": 0}])
def trained(request, digits):
    return Trained(digits, **request.param)


@pytest.fixture
def halfway(trained, tmp_path):
    """A folder with the checkpoint after two chunks of four."""
    with pytest.raises(StopIteration):
        trained.run(tmp_path / "point", stop_after=2)
    return tmp_path / "point"


def test_going_on_from_a_checkpoint_changes_no_bit(trained, halfway):
    whole = trained.run()
    resumed = trained.run(halfway)
    assert resumed.metrics.keys() == whole.metrics.keys()
    for name, values in whole.metrics.items():
        np.testing.assert_array_equal(resumed.metrics[name], values)
    np.testing.assert_array_equal(resumed.diverged_step, whole.diverged_step)


def test_the_latest_whole_checkpoint_counts(trained, halfway):
    beginning = running.beginning(trained.program(), trained.group)
    assert checkpoint.load(halfway, beginning).evaluations == 2
    with pytest.raises(StopIteration):
        trained.run(halfway, stop_after=3)
    assert checkpoint.load(halfway, beginning).evaluations == 3
    (halfway / "3.json").write_text("{")  # as if killed before the last one was complete
    assert checkpoint.load(halfway, beginning).evaluations == 2


def test_a_damaged_checkpoint_is_never_taken_for_a_whole_one(trained, halfway, caplog):
    beginning = running.beginning(trained.program(), trained.group)
    right = jax.tree.leaves(checkpoint.load(halfway, beginning).state)
    whole = {path: path.read_bytes() for path in halfway.rglob("*") if path.is_file()}
    refused = 0
    for damaged in whole:
        for content in (whole[damaged][: len(whole[damaged]) // 2], b""):
            damaged.write_bytes(content)
            with caplog.at_level(logging.WARNING):
                standing = checkpoint.load(halfway, beginning)
            if standing is None:
                refused += 1
            else:
                for found, leaf in zip(jax.tree.leaves(standing.state), right, strict=True):
                    np.testing.assert_array_equal(found, leaf)
        damaged.write_bytes(whole[damaged])
    assert refused > len(whole)
    assert "is damaged; its cells start over" in caplog.text


def test_after_damage_saving_begins_anew(trained, halfway):
    program = trained.program()
    beginning = running.beginning(program, trained.group)
    with pytest.raises(StopIteration):
        trained.run(halfway, stop_after=3)
    for step in (2, 3):
        for path in (halfway / str(step)).rglob("*"):
            if path.is_file():
                path.write_bytes(b"")
    checkpoint.save(halfway, running.Standing(1, program.state, {}, *np.full((2, 3), -1)))
    assert checkpoint.load(halfway, beginning).evaluations == 1
    with pytest.raises(StopIteration):
        trained.run(halfway, stop_after=3)
    assert checkpoint.load(halfway, beginning).evaluations == 3


def test_without_a_checkpoint_there_is_nothing_to_load(trained, tmp_path):
    assert (
        checkpoint.load(tmp_path / "none", running.beginning(trained.program(), trained.group))
        is None
    )
    assert not list(tmp_path.iterdir())
