"""A study that is killed, or trained on a cluster, finds what an undisturbed one finds here."""

import json
import signal

import pytest

pytestmark = [
    pytest.mark.slow,
    # Ray forks to start its processes, which run programs of their own at once.
    pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning"),
]

TINY = {  # the first records its units, the other its parameters
    "dying_relu": {"activation": "relu,leaky_relu", "depth": "2", "epochs": "3"},
    "vanishing_gradients": {"activation": "sigmoid,relu", "depth": "2", "epochs": "3"},
}
BOTH = {"width": "16", "learning_rate": "0.1", "evals": "3", "seed": "0,1"}


def arguments(study, workdir, data_dir, *more):
    fields = [f"--config.{name}={value}" for name, value in (TINY[study] | BOTH).items()]
    cache = workdir.parent / "cache"
    common = [f"--workdir={workdir}", f"--data_dir={data_dir}", f"--compilation_cache={cache}"]
    return {"study": study, "arguments": [*common, *fields, *more]}


def found(study, workdir):
    """Everything the study wrote, but for how it was run."""
    claim = json.loads((workdir / f"{study}.json").read_text())
    del claim["facts"]
    return claim


def test_a_study_that_is_killed_goes_on_where_it_was(forked, tmp_path, data_dir):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    run = arguments("dying_relu", killed, data_dir, "--checkpoint_after=0")
    kill = {"signal": signal.SIGKILL, "once": f"{killed}/checkpoints/*/2.json"}
    first, *others = forked(run | kill, run, arguments("dying_relu", whole, data_dir))
    assert first["status"] == -signal.SIGKILL
    assert not any(other["status"] for other in others), others
    assert found("dying_relu", killed) == found("dying_relu", whole)


def test_a_study_on_a_cluster_finds_what_it_finds_here(nodes, forked, tmp_path, data_dir):
    there, here = tmp_path / "there", tmp_path / "here"
    ray = "--launcher=ray", f"--ray_address={nodes.address}"
    runs = forked(
        arguments("vanishing_gradients", there, data_dir, *ray),
        arguments("vanishing_gradients", here, data_dir),
    )
    assert not any(run["status"] for run in runs), runs
    assert found("vanishing_gradients", there) == found("vanishing_gradients", here)
