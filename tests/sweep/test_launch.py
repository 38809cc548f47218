"""Launching: plans are checked before any compute, runs resume, the time is accounted for."""

import dataclasses
import importlib
import re
import sys
import textwrap
from types import MappingProxyType

import numpy as np
import pytest

from acts_jax import load_curves, load_results
from acts_jax.activations import catalogue
from acts_jax.errors import ConfigError, StoreError
from acts_jax.sweep import launch, record, sources, store
from acts_jax.sweep.config import make_config

pytestmark = pytest.mark.slow

SMALL = {"width": 8, "depth": 1, "epochs": 2, "evals": 1, "batch_size": 256}


@pytest.fixture
def my_module(tmp_path, monkeypatch):
    """A module of a user's own, importable as `users_own`: a function (old, new) that edits it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "users_own.py").write_text(
        textwrap.dedent("""
            import jax.numpy as jnp

            def power(x):
                return x**3

            def cube(x, scale=0.1):
                return x + scale * power(x)

            def summed(x):
                return x.sum()

            def concrete(x):
                return x if x.sum() > 0 else -x
        """)
    )

    def edit(old, new):
        text = (tmp_path / "users_own.py").read_text()
        assert old in text
        (tmp_path / "users_own.py").write_text(text.replace(old, new))
        sys.modules.pop("users_own", None)
        importlib.invalidate_caches()

    yield edit
    sys.modules.pop("users_own", None)


def run(tmp_path, data_dir, name="run", given=MappingProxyType({}), options=None, **fields):
    plan = launch.make_plan(make_config(**{**SMALL, **fields}))
    datasets = launch.load_datasets(plan, data_dir, given)
    seen = []
    with store.open_workdir(tmp_path / name, plan) as workdir:
        progress, seconds = launch.run(
            plan,
            datasets,
            workdir,
            lambda p: seen.append((p.cells_done, p.steps_done)),
            **options or {},
        )
    return plan, workdir, progress, seconds, seen


def test_a_run_trains_every_cell_and_a_second_one_none(tmp_path, data_dir):
    fields = {"activation": "relu,tanh", "learning_rate": "0.01,0.1", "seed": "0,1"}
    plan, workdir, progress, seconds, seen = run(tmp_path, data_dir, **fields)
    assert progress.cells_done == plan.cells == len(load_results(workdir)) == 8
    assert progress.steps_done == progress.steps_taken == progress.steps == 8 * 2 * 4
    assert seen == sorted(seen)
    assert seconds.compile > 0
    assert seconds.run > 0
    before = {path: path.stat().st_mtime_ns for path in workdir.glob("groups/*")}
    _, _, again, seconds, _ = run(tmp_path, data_dir, **fields)
    assert (again.cells_done, again.steps_taken, seconds.compile) == (8, 0, 0)
    assert before == {path: path.stat().st_mtime_ns for path in workdir.glob("groups/*")}


def test_only_what_is_missing_or_damaged_is_trained_again(tmp_path, data_dir):
    fields = {"activation": "relu,tanh,silu", "seed": "0,1"}
    plan, workdir, *_ = run(tmp_path, data_dir, **fields)
    first, second, _ = (
        workdir / "groups" / f"{store.name_of(group)}.parquet" for group in plan.groups
    )
    results = load_results(workdir)
    first.unlink()
    second.write_bytes(second.read_bytes()[: second.stat().st_size // 2])
    _, _, progress, _, _ = run(tmp_path, data_dir, **fields)
    assert progress.steps_taken == progress.steps * 2 // 3
    assert load_results(workdir).equals(results)


def test_ones_own_function_is_swept_like_any_other(tmp_path, data_dir, my_module):
    _, workdir, *_ = run(
        tmp_path, data_dir, activation="users_own:cube", cube={"scale": "0,0.5"}, learn="none,all"
    )
    results = load_results(workdir)
    assert set(results.activation) == {"users_own:cube"}
    assert list(results["cube.scale"]) == [0.0, 0.5, 0.0, 0.5]
    assert results.train_loss.nunique() == 4
    learned = load_curves(workdir, ["cube.scale"])
    assert set(learned.learn) == {"scale"}
    np.testing.assert_allclose(learned[learned.epoch == 0].value, [0.0, 0.5])


RETRAIN = {"retrain_changed": True}


def refused(tmp_path, data_dir, **arguments):
    """What a run is refused with; it leaves the workdir as it was."""

    def files():
        found = (tmp_path / "run" / "groups").iterdir()
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in found}

    before = files()
    with pytest.raises(StoreError) as error:
        run(tmp_path, data_dir, **arguments)
    assert files() == before
    return str(error.value)


def test_an_edited_function_is_refused_or_trained_anew_beside_what_stays(
    tmp_path, data_dir, my_module
):
    fields = {"activation": "users_own:cube,relu", "seed": "0,1"}
    plan, workdir, *_ = run(tmp_path, data_dir, **fields)
    relu = workdir / "groups" / f"{store.name_of(plan.groups[1])}.parquet"
    kept = relu.stat().st_mtime_ns
    my_module("def power(x):", "def power(x):  # steep\n    y = x")
    my_module("return x**3", "return y**3")
    assert run(tmp_path, data_dir, **fields)[2].steps_taken == 0
    my_module("return y**3", "return y**2")  # a helper
    message = refused(tmp_path, data_dir, **fields)
    assert message == (
        f"activation users_own:cube has changed since 2 cells in workdir {workdir} were trained; "
        "--retrain_changed trains them anew, or choose another --workdir"
    )
    _, _, progress, _, _ = run(tmp_path, data_dir, options=RETRAIN, **fields)
    assert progress.steps_taken == progress.steps / 2
    assert relu.stat().st_mtime_ns == kept
    fresh = run(tmp_path, data_dir, "fresh", **fields)[1]
    for load in (load_results, load_curves):
        assert load(workdir).equals(load(fresh))
    assert run(tmp_path, data_dir, **fields)[2].steps_taken == 0


def test_a_function_that_acts_jax_itself_has_changed_is_told_as_such(
    tmp_path, data_dir, monkeypatch
):
    run(tmp_path, data_dir, activation="relu,tanh")
    kept = sources.digest_of
    monkeypatch.setattr(
        sources, "digest_of", lambda name: ("other " if name == "tanh" else "") + kept(name)
    )
    message = refused(tmp_path, data_dir, activation="relu,tanh")
    assert message.startswith(
        "activation tanh has changed, as acts_jax itself has, since 1 cell in"
    )


def test_another_dataset_of_the_same_name_is_refused_or_trained_on_anew(
    tmp_path, data_dir, digits, my_module
):
    inputs = digits.train.inputs.copy()
    inputs[7, 3, 3] ^= 1
    other = dataclasses.replace(digits, train=dataclasses.replace(digits.train, inputs=inputs))
    run(tmp_path, data_dir, activation="relu,users_own:cube")
    my_module("x**3", "x**2")
    fields = {"activation": "relu,users_own:cube", "given": {"digits": other}}
    message = refused(tmp_path, data_dir, **fields)
    assert message.startswith(
        "activation users_own:cube and dataset digits have changed since 2 cells in workdir"
    )
    _, workdir, progress, _, _ = run(tmp_path, data_dir, options=RETRAIN, **fields)
    assert progress.steps_taken == progress.steps
    fresh = run(tmp_path, data_dir, "fresh", **fields)[1]
    assert load_results(workdir).equals(load_results(fresh))


def test_a_share_is_refused_what_another_share_has_trained_before_an_edit(
    tmp_path, data_dir, my_module
):
    config = make_config(**SMALL, activation="users_own:cube", init="he_normal,second_moment")
    plan = launch.make_plan(config)
    datasets = launch.load_datasets(plan, data_dir)
    with store.open_workdir(tmp_path / "run", plan) as workdir:
        launch.run(plan.shard(0, 2), datasets, workdir)
        my_module("x**3", "x**2")
        with pytest.raises(StoreError, match="users_own:cube has changed since 1 cell in"):
            launch.run(plan.shard(1, 2), datasets, workdir)
        launch.run(plan.shard(1, 2), datasets, workdir, **RETRAIN)
    assert set(load_results(workdir).init) == {"second_moment"}


def test_a_checkpoint_of_the_function_before_an_edit_is_not_gone_on_from(
    tmp_path, data_dir, my_module, caplog
):
    fields = {"activation": "users_own:cube", "epochs": 4, "evals": 4}
    plan = launch.make_plan(make_config(**SMALL | fields))
    datasets = launch.load_datasets(plan, data_dir)

    def interrupt(progress):
        if progress.steps_done == 12:
            raise KeyboardInterrupt

    with store.open_workdir(tmp_path / "run", plan) as workdir, pytest.raises(KeyboardInterrupt):
        launch.run(plan, datasets, workdir, interrupt, checkpoint_after=0)
    assert list((workdir / "checkpoints").iterdir())
    my_module("x**3", "x**2")
    run(tmp_path, data_dir, **fields)
    assert "or of other cells; its cells start over" in caplog.text
    fresh = run(tmp_path, data_dir, "fresh", **fields)[1]
    assert load_curves(workdir).equals(load_curves(fresh))


def test_another_version_of_jax_is_no_other_function(tmp_path, data_dir, my_module, caplog):
    """Whether a function has changed too cannot be told then; what can is refused as ever."""
    _, workdir, *_ = run(tmp_path, data_dir, activation="users_own:cube,relu")
    for one in store.contents(workdir, lambda column: True).stored:
        sources = {n: re.sub("by jax .*", "by jax 0.1", d) for n, d in one.record.sources.items()}
        record.write(workdir, dataclasses.replace(one.record, sources=sources), one.table)
    assert run(tmp_path, data_dir, activation="users_own:cube,relu")[2].steps_taken == 0
    assert "another jax" not in caplog.text
    my_module("x**3", "x**2")
    assert run(tmp_path, data_dir, activation="users_own:cube,relu")[2].steps_taken == 0
    assert "activation users_own:cube in workdir" in caplog.text


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        ("users_own:summed", "must map a float32 array to one of the same shape, but (2, 3) gave"),
        ("users_own:concrete", "cannot be traced by jax: TracerBoolConversionError"),
        ("users_own:cubed", "has no function 'cubed'; did you mean 'cube'"),
        ("nowhere:cube", "no module 'nowhere'"),
        ("rellu", "did you mean 'relu'"),
    ],
)
def test_an_activation_that_cannot_work_is_refused_at_planning(my_module, activation, message):
    with pytest.raises(ConfigError) as error:
        launch.make_plan(make_config(activation=activation))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_domain_that_no_pre_activation_fits_is_refused_at_planning(monkeypatch):
    monkeypatch.setattr(catalogue, "_CATALOGUE", dict(catalogue._CATALOGUE))

    @catalogue.register(domain=(0, np.inf))
    def root(x):
        return x**0.5

    with pytest.raises(ConfigError, match="only a finite interval"):
        launch.make_plan(make_config(activation="root"))


def test_unknown_datasets_are_refused_at_planning():
    with pytest.raises(ConfigError, match="digits"):
        launch.make_plan(make_config(dataset="digit"))


def test_a_description_counts_what_a_run_would_take(data_dir):
    plan = launch.make_plan(make_config(activation="relu,tanh", seed="0,1,2", depth="1,2"))
    what = launch.describe(plan, launch.load_datasets(plan, data_dir), pack=4)
    line = r"12 cells in 4 groups \(4 compiles\), 6,480 steps, on 2 x cpu in packs of 4 \((.*) MiB"
    found = re.match(line, what)
    weights = (64 + 1) * 64 + (64 + 1) * 64 + (64 + 1) * 10
    assert float(found[1]) * 2**20 >= 4 * 4 * 3 * weights


def test_groups_that_differ_in_their_initial_weights_count_as_one_compilation(data_dir):
    plan = launch.make_plan(make_config(activation="relu", init="lecun_normal,he_normal"))
    datasets = launch.load_datasets(plan, data_dir)
    assert "2 groups (1 compile)" in launch.describe(plan, datasets)
    assert "2 groups (2 compiles)" in launch.describe(plan, datasets, here=False)


def test_a_dataset_that_is_given_is_checked_as_one_that_is_loaded(digits):
    config = make_config(activation="relu", batch_size=2000)
    with pytest.raises(ConfigError, match="batch_size 2000 exceeds the 1157 training examples"):
        launch.load_datasets(launch.make_plan(config), given={"digits": digits})
