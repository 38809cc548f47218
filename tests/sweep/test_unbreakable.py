"""A sweep that is killed, stopped or cannot write ends with the results of an undisturbed one."""

import random
import signal

import pandas as pd
import pytest

from acts_jax import load_curves, load_results

pytestmark = pytest.mark.slow


class Runs:
    """Runs of one small sweep, in processes that share a cache of compiled programs."""

    def __init__(self, folder, data_dir, forked):
        self.folder, self.forked = folder, forked
        self.common = [
            f"--data_dir={data_dir}",
            f"--compilation_cache={folder / 'cache'}",
            "--checkpoint_after=0",
            "--config.model=mlp,cnn",
            "--config.activation=prelu",
            "--config.depth=1",
            "--config.epochs=12",
            "--config.evals=12",
        ]
        (self.whole,) = self(self.arguments("whole"))
        assert self.whole["status"] == 0, self.whole["stderr"]

    def arguments(self, workdir):
        return {"arguments": [*self.common, f"--workdir={self.folder / workdir}"]}

    def __call__(self, *runs):
        return self.forked(*runs)

    def assert_whole(self, workdir):
        """The results in a workdir are bit for bit those of the undisturbed run."""
        for load in (load_results, load_curves):
            pd.testing.assert_frame_equal(
                load(self.folder / workdir), load(self.folder / "whole"), check_exact=True
            )


@pytest.fixture(scope="module")
def runs(tmp_path_factory, data_dir, forked):
    return Runs(tmp_path_factory.mktemp("unbreakable"), data_dir, forked)


def test_twenty_kills_at_random_moments_change_no_bit(runs):
    draw = random.Random(0)
    (warm,) = runs(runs.arguments("warm"))  # its programs come from the cache, as those below
    kills = [
        runs.arguments("killed")
        | {"signal": signal.SIGKILL, "after": draw.uniform(0.02, 0.5) * warm["seconds"]}
        for _ in range(20)
    ]
    *killed, last = runs(*kills, runs.arguments("killed"))
    assert {run["status"] for run in killed} <= {-signal.SIGKILL, 0}
    assert sum(run["status"] != 0 for run in killed) >= 10
    assert last["status"] == 0, last["stderr"]
    assert "damaged" not in "".join(run["stderr"] for run in (*killed, last))
    runs.assert_whole("killed")
    assert not (runs.folder / "killed" / "checkpoints").exists()
    assert not list((runs.folder / "killed" / "groups").glob(".*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_it_at_the_next_chunk_with_everything_saved(runs, number):
    workdir = number.name
    stop = {"signal": number, "once": f"{runs.folder / workdir}/checkpoints/*/2.json"}
    stopped, rest = runs(runs.arguments(workdir) | stop, runs.arguments(workdir))
    assert stopped["status"] == 128 + number
    assert "the same command goes on from here" in stopped["stderr"]
    assert "Traceback" not in stopped["stderr"]
    assert rest["status"] == 0, rest["stderr"]
    runs.assert_whole(workdir)


@pytest.mark.parametrize(("largest_file", "what"), [(4_000, "a checkpoint"), (12_000, "workdir")])
def test_a_full_disk_is_one_line_and_the_next_run_heals(runs, largest_file, what):
    workdir = f"full{largest_file}"
    arguments = runs.arguments(workdir)
    if what == "workdir":
        arguments["arguments"].append("--checkpoint_after=1000")
    full, healed = runs(arguments | {"largest_file": largest_file}, arguments)
    assert full["status"] == 2
    assert f"cannot write {'to ' if what == 'workdir' else ''}{what}" in full["stderr"]
    assert "File too large" in full["stderr"]
    assert "Traceback" not in full["stderr"]
    assert healed["status"] == 0, healed["stderr"]
    runs.assert_whole(workdir)
