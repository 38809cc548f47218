"""The local launcher: what fails is recorded, what is too large is split, the rest goes on."""

import io

import numpy as np
import pytest
from rich.console import Console

from acts_jax import load_results
from acts_jax.errors import CellError
from acts_jax.sweep import engine, launch, packing, store, trainer
from acts_jax.sweep.config import make_config
from acts_jax.sweep.options import Options

pytestmark = pytest.mark.slow

SMALL = {"width": 8, "depth": 1, "epochs": 2, "evals": 1, "batch_size": 256, "seed": "0,1,2"}


@pytest.fixture
def picky(tmp_path, monkeypatch):
    """A module `picky` whose function fails only inside a network of 8 units."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "picky.py").write_text(
        "def relu(x):\n"
        "    if x.shape[-1] == 8:\n"
        "        raise TypeError('eight is too many\\nand more')\n"
        "    return x * (x > 0)\n"
    )


def run(workdir, data_dir, **options):
    fields = SMALL | options.pop("fields", {})
    plan = launch.make_plan(make_config(**fields))
    with store.open_workdir(workdir, plan):
        progress, _ = launch.run(plan, launch.load_datasets(plan, data_dir), workdir, **options)
    return progress, load_results(workdir)


def test_a_function_that_raises_in_a_network_is_recorded_and_the_sweep_goes_on(
    tmp_path, data_dir, picky
):
    fields = {"activation": "picky:relu,tanh", "width": "8,9"}
    progress, results = run(tmp_path / "run", data_dir, fields=fields)
    failed = results[results.status == "failed"]
    assert (progress.cells_done, progress.failed, len(failed)) == (9, 3, 3)
    assert set(zip(failed.activation, failed.width, strict=True)) == {("picky:relu", 8)}
    assert set(failed.reason) == {"TypeError: eight is too many"}
    assert results[results.status == "ok"].train_loss.notna().all()
    progress, _ = run(tmp_path / "run", data_dir, fields=fields)
    assert (progress.cells_done, progress.failed, progress.steps_taken) == (9, 3, 0)


def test_a_sweep_may_stop_at_the_first_failure(tmp_path, data_dir, picky):
    fields = {"activation": "picky:relu,tanh"}
    with pytest.raises(CellError, match=r"picky:relu at depth 1 \(3 cells\) failed: TypeError"):
        run(tmp_path / "run", data_dir, fields=fields, on_error="stop")
    assert set(load_results(tmp_path / "run").status) == {"failed"}


@pytest.mark.parametrize("error", ["SystemExit('[/b]')", "Mute('[/b]')"])
def test_any_error_of_a_function_is_recorded_and_told(error, tmp_path, data_dir, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    name = error.partition("(")[0].lower()
    (tmp_path / f"{name}.py").write_text(
        "class Mute(BaseException):\n"
        "    def __str__(self):\n"
        "        raise RuntimeError\n\n\n"
        f"def f(x):\n    if x.shape[-1] == 8:\n        raise {error}\n    return x\n"
    )
    config = make_config(**SMALL | {"activation": f"{name}:f,relu"})
    console = Console(file=io.StringIO(), width=200)
    trained = trainer.train(Options(config, tmp_path / "run", data_dir), console)
    assert dict(trained.results.groupby("status").size()) == {"failed": 3, "ok": 3}
    said = {"systemexit": "SystemExit: [/b]", "mute": "Mute"}[name]
    assert f"3 cells failed: {name}:f, {said}\n" in console.file.getvalue()


def test_a_group_too_large_for_the_memory_is_trained_in_parts(tmp_path, data_dir, monkeypatch):
    fields = {"activation": "prelu", "seed": "range(0, 9)"}
    _, whole = run(tmp_path / "whole", data_dir, fields=fields, pack=2)
    monkeypatch.setattr(packing, "SHARE", 1e-9)
    progress, parts = run(tmp_path / "parts", data_dir, fields=fields, pack=2)
    assert len(list((tmp_path / "parts" / "groups").iterdir())) == 3  # of 2 devices x pack 2
    assert progress.cells_done == 9
    assert parts.equals(whole)


def test_packs_and_parts_follow_from_the_memory(digits, monkeypatch):
    monkeypatch.setattr(engine, "FILLED", 0)
    (group,) = launch.make_plan(make_config(width=64, depth=4, seed="range(0, 1000)")).groups
    each = packing.state_bytes(group.static, digits)
    assert each == 8 * (65 * 64 * 4 + 65 * 10)  # weights and momentum, float32
    busy = packing.cell_bytes(group.static, digits)
    batches = 3 * packing.order_bytes(group.static, digits)  # on two devices, and where drawn
    assert batches == 3 * 4 * 3 * 1157
    monkeypatch.setattr(
        packing, "memory", lambda: int(1 / packing.SHARE * (12 * busy + 120.5 * (each + batches)))
    )
    assert packing.pack_for(group.static, digits) == packing.PACK["cpu"]
    parts = packing.parts(group, digits, pack=6)
    assert {part.size for part in parts[:-1]} == {120}
    assert sum(part.size for part in parts) == 1000
    np.testing.assert_array_equal(
        np.concatenate([part.traced["seed"] for part in parts]), group.traced["seed"]
    )
    monkeypatch.setattr(packing, "memory", lambda: int(1 / packing.SHARE * 2 * 3.5 * busy))
    assert packing.pack_for(group.static, digits) == 3
    assert packing.pack_for(group.static, digits, "gpu", room=1e12) == packing.ACCELERATOR_PACK


def test_the_packs_of_wide_networks_stay_within_a_cores_cache(digits):
    (group,) = launch.make_plan(make_config(width=512, depth=4)).groups
    assert packing.state_bytes(group.static, digits) > packing.CACHE
    assert packing.pack_for(group.static, digits, "cpu", room=1e12) == 1
    assert packing.pack_for(group.static, digits, "gpu", room=1e12) == packing.ACCELERATOR_PACK
