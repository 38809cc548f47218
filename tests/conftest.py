"""What all tests share: two CPU devices, strict broadcasting, datasets in a folder of their own."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import jax
import pytest
from absl import flags

from acts_jax import cli, data
from tests import made_up

jax.config.update("jax_num_cpu_devices", 2)
jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_configure(config):
    """Keeps compiled programs from one run to the next, which is then several times faster."""
    if hasattr(config, "cache"):  # not with -p no:cacheprovider
        jax.config.update("jax_compilation_cache_dir", str(config.cache.mkdir("jax")))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.02)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """A folder for prepared datasets, the same for the whole session."""
    return tmp_path_factory.mktemp("datasets")


@pytest.fixture(scope="session")
def digits(data_dir):
    """The 1,797 handwritten digits."""
    return data.load("digits", data_dir=data_dir)


@pytest.fixture(scope="session")
def python():
    """A function that starts a fresh Python on some code: a process with piped text streams."""

    def start(code):
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            cwd=pathlib.Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def forked():
    """A function (*runs) -> how each ended, see `tests/forked.py`."""

    def run(*runs):
        done = subprocess.run(
            [sys.executable, pathlib.Path(__file__).with_name("forked.py")],
            input=json.dumps(runs),
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "100"},
            check=True,
        )
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def nodes():
    """Two Ray nodes with one CPU each, listening on 127.0.0.1; the second may be killed."""
    folder = tempfile.mkdtemp(prefix="ray-")  # short, for the sake of socket names
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # read on import: the address
        from ray.cluster_utils import Cluster

        options = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "include_dashboard": False}
        started = Cluster(initialize_head=True, head_node_args=options)
        started.add_node(**options)
        try:
            yield started
        finally:
            started.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run_main():
    """A function (script, *arguments, **defaults of cli.run) -> exit status."""

    def run(script, *arguments, **defaults):
        try:
            with pytest.raises(SystemExit) as exited:
                cli.run(script.main, argv=[script.__name__, *arguments], **defaults)
        finally:
            flags.FLAGS.unparse_flags()
        return exited.value.code or 0

    return run


@pytest.fixture(scope="session")
def results():
    return made_up.make_results()


@pytest.fixture(scope="session")
def curves(results):
    return made_up.make_curves(results)
