"""The Ray launcher: on a cluster that loses a node, every cell once and bit for bit as here."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time

import pytest

from acts_jax import load_curves, load_examples, load_results
from acts_jax.errors import ConfigError
from acts_jax.sweep import cluster, launch, local, store
from acts_jax.sweep.config import make_config
from acts_jax.sweep.signals import Stopped
from experiments import sweep

# Ray forks to start its processes, which run programs of their own at once.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning"),
]

SMALL = {"width": 8, "depth": 1, "epochs": 2, "evals": 2, "batch_size": 256}


@pytest.fixture
def my_module(tmp_path, monkeypatch):
    """Functions of a user's own in `mine`, on the path of the driver alone."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "constants.py").write_text("SCALE = 0.1\n")
    (tmp_path / "mine.py").write_text(
        textwrap.dedent("""
            from constants import SCALE
            from flax import linen as nn

            def cube(x):
                return x + SCALE * x**3

            def narrow(x):
                if x.shape[-1] == 8:
                    raise ValueError("8 is too wide")
                return x

            class Net(nn.Module):
                activation: object
                num_outputs: int

                @nn.compact
                def __call__(self, x):
                    x = self.activation(nn.Dense(8)(x.reshape(len(x), -1)))
                    return nn.Dense(self.num_outputs)(x)
        """)
    )
    yield
    for name in ("mine", "constants"):
        sys.modules.pop(name, None)


def run(workdir, data_dir, launcher, on_progress=lambda progress: None, **fields):
    plan = launch.make_plan(make_config(**SMALL | fields))
    with store.open_workdir(workdir, plan):
        return launch.run(
            plan, launch.load_datasets(plan, data_dir), workdir, on_progress, launcher=launcher
        )[0]


def test_a_cluster_that_loses_a_node_trains_every_cell_once_as_this_machine_does(
    nodes, my_module, tmp_path, data_dir, monkeypatch
):
    """Groups are split in parts, of which one fails by its own fault and one with its node."""
    monkeypatch.setattr(cluster, "IN_FLIGHT_PER_SLOT", 1)  # so that parts wait for their turn
    fields = {
        "activation": "mine:cube,mine:narrow",
        "learning_rate": "logspace(1e-3,1000,8)",  # of which some diverge
        "seed": "0,1",
    }
    steps = []

    def on_progress(progress):
        steps.append(progress.steps_done)
        if progress.cells_done and nodes.worker_nodes:
            nodes.remove_node(next(iter(nodes.worker_nodes)), allow_graceful=False)

    launcher = cluster.launcher(nodes.address, tmp_path / "compiled")
    progress = run(tmp_path / "cluster", data_dir, launcher, on_progress, **fields)
    assert not nodes.worker_nodes
    run(tmp_path / "here", data_dir, local.results, **fields)
    there, here = (
        load(tmp_path / name).sort_values(keys).reset_index(drop=True)
        for load, keys in ((load_results, ["cell"]),)
        for name in ("cluster", "here")
    )
    assert there["cell"].is_unique
    assert dict(there.groupby("status").size()) == dict(here.groupby("status").size())
    assert set(there.status) == {"ok", "diverged", "failed"}
    assert there.equals(here)
    keys = ["cell", "metric", "epoch", "layer"]
    curves = [
        load_curves(tmp_path / name).sort_values(keys).reset_index(drop=True)
        for name in ("cluster", "here")
    ]
    assert curves[0].equals(curves[1])
    assert (there.reason[there.status == "failed"] == "ValueError: 8 is too wide").all()
    assert (progress.cells_done, progress.failed) == (16, 16)
    assert steps[-1] == progress.steps_done == progress.steps
    assert len(list((tmp_path / "cluster" / "groups").iterdir())) == 4


def test_every_kind_of_network_is_trained_there_as_here(nodes, my_module, tmp_path, data_dir):
    fields = {"model": "resmlp,cnn,vit,mine:Net", "seed": "0,1"}
    launcher = cluster.launcher(nodes.address, tmp_path / "compiled")
    run(tmp_path / "cluster", data_dir, launcher, **fields)
    run(tmp_path / "here", data_dir, local.results, **fields)
    there, here = (
        load_results(tmp_path / name).sort_values("cell", ignore_index=True)
        for name in ("cluster", "here")
    )
    assert set(there["status"]) == {"ok"} and len(there) == 8
    assert there.equals(here)


def test_a_worker_to_which_a_name_means_another_function_does_not_train_it(
    nodes, my_module, tmp_path, data_dir
):
    (tmp_path / "mine.py").write_text(
        "import os\n\ndef cube(x):\n    return x**3 if 'NPROC' in os.environ else x - x**3\n"
    )
    launcher = cluster.launcher(nodes.address, None)
    progress = run(tmp_path / "run", data_dir, launcher, activation="mine:cube,relu")
    assert (progress.cells_done, progress.failed) == (1, 1)
    results = load_results(tmp_path / "run")
    expected = f"ConfigError: activation mine:cube is another on {socket.gethostname()} than"
    assert results.reason.dropna().item().startswith(expected)


class Falling(cluster._Board):
    """A board whose process ends when something is noted."""

    def note(self, *_):
        os._exit(1)


def test_without_the_board_of_progress_cells_are_trained_all_the_same(
    nodes, tmp_path, data_dir, monkeypatch
):
    """On the divisions of the dataset that this machine would make, too."""
    monkeypatch.setattr(cluster, "_Board", Falling)
    fields = {"activation": "tanh", "split_seed": "0,3", "seed": "0,1", "record": "examples"}
    launcher = cluster.launcher(nodes.address, None)
    progress = run(tmp_path / "cluster", data_dir, launcher, **fields)
    assert (progress.cells_done, progress.failed) == (progress.cells, 0)
    run(tmp_path / "here", data_dir, local.results, **fields)
    there, here = (
        load_examples(tmp_path / name).sort_values(["cell", "example"], ignore_index=True)
        for name in ("cluster", "here")
    )
    assert len(here) == 4 * 320 and there.equals(here)


def test_a_signal_cancels_what_is_not_done(nodes, tmp_path, data_dir):
    launcher = cluster.launcher(nodes.address, None)
    before = signal.getsignal(signal.SIGTERM)

    def on_progress(progress):
        if progress.steps_done:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Stopped) as stopped:
        run(tmp_path, data_dir, launcher, on_progress, epochs=10_000, evals=1000)
    assert stopped.value.status == 143
    assert signal.getsignal(signal.SIGTERM) == before
    assert list((tmp_path / "groups").iterdir()) == []
    import ray

    assert not ray.is_initialized()
    ray.init(nodes.address, logging_level="ERROR", log_to_driver=False)
    try:
        ended = time.monotonic() + 30
        while ray.available_resources().get("CPU") != ray.cluster_resources()["CPU"]:
            assert time.monotonic() < ended
            time.sleep(0.1)
    finally:
        ray.shutdown()


def test_ray_started_for_a_run_ends_with_it_and_leaves_nothing_behind(tmp_path, data_dir):
    """Ctrl-C in a terminal: SIGINT to all processes of the group."""
    arguments = ["--launcher=ray", "--config=configs/smoke.py", "--config.epochs=100000"]
    arguments += [f"--workdir={tmp_path}", f"--data_dir={data_dir}", "--compilation_cache="]
    folder = tempfile.mkdtemp(prefix="t")
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments.sweep", *arguments],
        env={**os.environ, "TMPDIR": folder},
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        while not glob.glob(f"{folder}/ray-*/session_latest/logs/worker-*"):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert error.endswith("interrupted; the same command goes on from here\n")
    assert "Warning" not in error
    assert os.listdir(folder) == []
    shutil.rmtree(folder)


def test_a_dry_run_tells_nothing_of_this_machine(run_main, data_dir, capsys):
    arguments = "--config=configs/smoke.py", "--dry_run", "--launcher=ray", f"--data_dir={data_dir}"
    arguments += "--compilation_cache=", "--refine=0", "--extend=0", "--confirm=0"
    defaults = {"config": "configs/smoke.py", "workdir": "runs/sweep", "uses": ("margin", "format")}
    assert run_main(sweep, *arguments, **defaults) == 0
    assert capsys.readouterr().out.endswith(" steps, on Ray\n")


def test_without_ray_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'acts_jax\[ray\]'"):
        cluster.launcher(None, None)


def test_an_address_without_a_cluster_is_one_sentence(tmp_path, data_dir):
    launcher = cluster.launcher("127.0.0.1:9", None)
    with pytest.raises(
        ConfigError, match=r"^no Ray cluster at '127\.0\.0\.1:9': Connection refused$"
    ):
        run(tmp_path, data_dir, launcher)


@pytest.mark.parametrize(
    "address",
    ["localhost:99999999", f"localhost:{'9' * 5000}", f"{'é' * 99}:6379", "\udcff:6379", "a..b:1"],
)
def test_what_is_no_address_is_one_sentence(address, tmp_path, data_dir):
    with pytest.raises(ConfigError, match="no Ray cluster at ") as error:
        run(tmp_path, data_dir, cluster.launcher(address, None))
    assert len(str(error.value)) < 120 and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "folder", ["/tmp/" + "x" * 40, "/tmp/é", "/home/ray/temporary/" + "y" * 99]
)
def test_a_temporary_folder_that_ray_cannot_use_is_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", folder)
    with pytest.raises(ConfigError, match=r"give one as TMPDIR=/tmp$") as error:
        cluster.launcher(None, None)
    assert len(str(error.value)) < 200
    cluster.launcher("127.0.0.1:6379", None)  # whose folders are those of its own machines


def test_the_longest_temporary_folder_is_one_that_ray_can_use():
    from ray._private.utils import validate_socket_filepath

    most = cluster.SOCKET_BYTES - len(cluster.SOCKET)
    validate_socket_filepath("x" * most + cluster.SOCKET)
    with pytest.raises(OSError, match="AF_UNIX path length"):
        validate_socket_filepath("x" * (most + 1) + cluster.SOCKET)
