"""What all tests share: two CPU devices, strict broadcasting, datasets in a folder of their own."""

import pathlib
import subprocess
import sys

import jax
import pytest
from absl import flags

from acts_jax import cli, data
from tests import made_up

jax.config.update("jax_num_cpu_devices", 2)
jax.config.update("jax_numpy_rank_promotion", "raise")


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
