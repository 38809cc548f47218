"""Checkpoints: what is loaded is what was saved, or nothing."""

import dataclasses
import os
import shutil
from pathlib import Path

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

    def load(self, folder, beginning):
        """The checkpoint in a folder."""
        return checkpoint.load(folder, self.group, beginning)

    def run(self, folder=None, stop_after=None):
        """Trains from the checkpoint in a folder, and leaves one there after some chunks."""
        program = self.program()
        start = self.load(folder, running.beginning(program, self.group)) if folder else None

        def on_chunk(standing):
            if standing.evaluations == stop_after:
                checkpoint.save(folder, self.group, standing)
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


@pytest.fixture(scope="module")
def beginning(trained):
    return running.beginning(trained.program(), trained.group)


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    """A folder with the checkpoints after two chunks and after three."""
    folder = tmp_path_factory.mktemp("saved") / "point"
    for step in (2, 3):
        with pytest.raises(StopIteration):
            trained.run(folder, stop_after=step)
    return folder


@pytest.fixture
def point(saved, tmp_path):
    """A copy to be damaged."""
    return shutil.copytree(saved, tmp_path / "point")


def test_the_latest_whole_checkpoint_counts(trained, beginning, point):
    assert trained.load(point, beginning).evaluations == 3
    (point / "3.json").write_text("{")  # as if killed before the last one was complete
    assert trained.load(point, beginning).evaluations == 2


def test_a_damaged_checkpoint_is_never_taken_for_a_whole_one(
    trained, beginning, halfway, tmp_path, caplog
):
    right = jax.tree.leaves(trained.load(halfway, beginning).state)
    files = [path.relative_to(halfway) for path in halfway.rglob("*") if path.is_file()]
    refused = 0
    for name in files:
        whole = (halfway / name).read_bytes()
        for content in (whole[: len(whole) // 2], b"[" * 10**6):
            damaged = shutil.copytree(halfway, tmp_path / "damaged")
            (damaged / name).write_bytes(content)
            standing = trained.load(damaged, beginning)
            if standing is None:
                refused += 1
                assert not damaged.exists()
            else:
                for found, leaf in zip(jax.tree.leaves(standing.state), right, strict=True):
                    np.testing.assert_array_equal(found, leaf)
                shutil.rmtree(damaged)
    assert refused > len(files)
    assert "is damaged, or of other cells; its cells start over" in caplog.text


def swapped(folder):
    """Puts each of two steps in the place of the other."""
    for name in ("{}", "{}.json"):
        (folder / name.format(2)).rename(folder / "kept")
        (folder / name.format(3)).rename(folder / name.format(2))
        (folder / "kept").rename(folder / name.format(3))


def third_as(number, put):
    """Gives the third step the name of another."""

    def attack(folder):
        for name in ("3", "3.json"):
            put(folder / name, folder / name.replace("3", number))

    return attack


def copy(path, to):
    (shutil.copytree if path.is_dir() else shutil.copy)(path, to)


def for_(name, make):
    """Puts something else in the place of a file or folder of the checkpoint."""

    def attack(folder):
        path = folder / name
        path.unlink() if path.is_file() else shutil.rmtree(path)
        make(path)

    return attack


ATTACKS = {  # and the step that is left
    "steps swapped": (swapped, None),
    "a step renamed": (third_as("9", os.rename), 2),
    "a step twice": (third_as("4", copy), 3),
    "a file for the folder": (for_("", Path.touch), None),
    "a file for a step": (for_("3", Path.touch), 2),
    "a folder for sums": (for_("3.json", os.mkdir), 2),
    "a pipe for sums": (for_("3.json", os.mkfifo), 2),
    "a link to itself": (for_("3", lambda path: path.symlink_to(path)), 2),
    "a file more": (lambda folder: (folder / "3" / "more").touch(), 2),
    "strange names": (lambda f: [(f / n).mkdir() for n in ("x", "-1", "1e9", "٣", ".tmp")], 3),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_after_an_attack_the_last_whole_step_counts_and_saving_goes_on(
    trained, beginning, point, attack
):
    third = trained.load(point, beginning)
    make, left = ATTACKS[attack]
    make(point)
    standing = trained.load(point, beginning)
    assert (standing and standing.evaluations) == left
    if left == 2:
        assert all(values.shape[1] == 2 for values in standing.metrics.values())
    checkpoint.save(point, trained.group, third)
    again = trained.load(point, beginning)
    assert again.evaluations == 3
    for found, leaf in zip(jax.tree.leaves(again.state), jax.tree.leaves(third.state), strict=True):
        np.testing.assert_array_equal(found, leaf)


def test_a_checkpoint_is_of_its_cells_and_what_they_are_trained_with_alone(
    trained, beginning, point
):
    standing = trained.load(point, beginning)
    function, data = {"activation own:f": "12 by jax 1"}, {"dataset digits": "34"}
    known = dataclasses.replace(trained.group, sources=function | data)
    for changes in (
        {"key": known.key[:-1] + "x"},
        {"first": 1},
        {"sources": {"activation own:f": "13 by jax 1"} | data},
        {"sources": function | {"dataset digits": "35"}},
    ):
        checkpoint.save(point, known, standing)
        assert checkpoint.load(point, dataclasses.replace(known, **changes), beginning) is None
    checkpoint.save(point, known, standing)
    later = dataclasses.replace(known, sources={"activation own:f": "13 by jax 2"} | data)
    for same in (known, later):
        assert checkpoint.load(point, same, beginning).evaluations == 3


def test_after_damage_saving_begins_anew(trained, beginning, point):
    for step in (2, 3):
        for path in (point / str(step)).rglob("*"):
            if path.is_file():
                path.write_bytes(b"")
    standing = beginning._replace(evaluations=1)
    checkpoint.save(point, trained.group, standing)
    assert trained.load(point, beginning).evaluations == 1


def test_without_a_checkpoint_there_is_nothing_to_load(trained, beginning, tmp_path):
    assert trained.load(tmp_path / "none", beginning) is None
    assert not list(tmp_path.iterdir())


def test_a_first_save_that_was_interrupted_is_no_damage(
    trained, beginning, halfway, tmp_path, caplog
):
    begun = shutil.copytree(halfway, tmp_path / "begun")
    for path in begun.glob("*.json"):
        path.unlink()
    assert trained.load(begun, beginning) is None
    assert not begun.exists()
    assert "damaged" not in caplog.text
