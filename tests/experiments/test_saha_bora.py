"""SBAF and A-ReLU, through their own command line."""

import json

import pytest
from absl import flags

from acts_jax import cli
from experiments import saha_bora as script

TINY = [
    "--config.activation=sigmoid,sbaf,a_relu",
    "--config.depth=1",
    "--config.width=8",
    "--config.learning_rate=0.1",
    "--config.epochs=1",
]


@pytest.fixture(scope="module")
def record(tmp_path_factory, data_dir):
    """The claim as it was written, of a tiny run."""
    workdir = tmp_path_factory.mktemp("saha_bora")
    arguments = [*TINY, "--config.evals=1", "--config.seed=0,1", f"--workdir={workdir}"]
    with pytest.raises(SystemExit) as exited:
        cli.run(
            script.main,
            argv=["saha_bora", *arguments, f"--data_dir={data_dir}"],
            config="configs/saha_bora.py",
            workdir="runs/saha_bora",
        )
    flags.FLAGS.unparse_flags()
    assert not exited.value.code
    for picture in ("saha_bora", "saha_bora_a_relu"):
        assert (workdir / f"{picture}.png").stat().st_size > 10_000
    return json.loads((workdir / "saha_bora.json").read_text())


def test_the_shapes_are_those_of_the_literature(record):
    measured = {check["statement"]: check["measured"] for check in record["checks"]}
    assert measured["SBAF's minimum, k 0.98 and α 0.5"] == pytest.approx(0.67114094, abs=5e-9)
    assert measured["its fixed point"] == pytest.approx(0.68767649, abs=5e-9)
    assert measured["its slopes at 0 and 1 are infinite"] == "inf"
    assert measured["A-ReLU crosses y = x at"] == pytest.approx(7.7987, abs=5e-5)
    assert measured["its largest distance below the ReLU"] == pytest.approx(0.75056, abs=5e-6)
    assert measured["... is at x"] == pytest.approx(3.2524, abs=5e-5)
    assert [check["verdict"] for check in record["checks"][:9]] == ["holds"] * 9
    assert [check["theorem"] for check in record["checks"]] == [True] * 9 + [False] * 9


def test_a_convex_function_is_no_sigmoid(record):
    shares = [check for check in record["checks"] if "over the target" in check["statement"]]
    assert len(shares) == 7
    sigmoid = [check for check in shares if "the sigmoid" in check["statement"]]
    assert [check["verdict"] for check in sigmoid] == ["does not hold here"] * 3
    fits = record["numbers"]["fits"]
    rows = dict(zip(zip(fits["function"], fits["x"], strict=True), fits["rms/range"], strict=True))
    line = float(rows["identity → sigmoid", "−6..6"].rstrip("%"))
    assert float(rows["sbaf → sigmoid", "−6..6 → 0..1"].rstrip("%")) == pytest.approx(line, abs=0.5)
    assert "SBAF is convex" in record["summary"]
    assert record["verdict"] == "holds partly"


def test_each_alpha_is_tuned_and_judged_by_itself(record):
    trained = [check["statement"] for check in record["checks"][-2:]]
    assert trained == [
        f"depth 1: sbaf, alpha {alpha} (of the sigmoid of the pre-activation) trains like sigmoid, "
        "difference in test accuracy"
        for alpha in ("0", "0.5")
    ]
    chosen = record["numbers"]["selection"]
    assert chosen["activation"] == ["a_relu", "sbaf, alpha 0", "sbaf, alpha 0.5", "sigmoid"]
    assert chosen["seeds"] == [2] * 4
