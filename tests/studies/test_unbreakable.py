"""A study that is killed, or trained on a cluster, finds what an undisturbed one finds here."""

import json
import signal

import pytest

pytestmark = [
    pytest.mark.slow,
    # Ray forks to start its processes, which run programs of their own at once.
    pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning"),
]

TINY = {  # one study records its units, the other its parameters
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


@pytest.mark.parametrize("study", TINY)
def test_a_study_that_is_killed_or_trained_on_a_cluster(nodes, forked, study, tmp_path, data_dir):
    folders = whole, killed, there = [tmp_path / name for name in ("whole", "killed", "there")]
    run = arguments(study, killed, data_dir, "--checkpoint_after=0")
    kill = {"signal": signal.SIGKILL, "once": f"{killed}/checkpoints/*/2.json"}
    ray = "--launcher=ray", f"--ray_address={nodes.address}"
    first, *others = forked(
        run | kill,
        arguments(study, whole, data_dir),
        run,
        arguments(study, there, data_dir, *ray),
    )
    assert first["status"] == -signal.SIGKILL
    assert not any(other["status"] for other in others), others
    undisturbed, *rest = (found(study, folder) for folder in folders)
    assert rest == [undisturbed] * 2
