"""The sigmoid and its relatives on one scale: shapes, slopes, tails, and trained side by side.

python -m experiments.sigmoid_family
python -m experiments.sigmoid_family --config.depth=5 --dataset=mnist1d
"""

from rich.console import Console

from acts_jax import cli
from acts_jax.analysis import statistics
from acts_jax.analysis.pairing import by_seed, edge_note
from acts_jax.studies import sigmoid_family as sigmoids
from acts_jax.studies.claims import Claim, near
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.options import Options
from acts_jax.theory.description import describe

ALIKE = 0.02  # difference in test accuracy, up to which two functions train alike


def study(options: Options, console: Console) -> Claim:
    """Compares the shapes, trains the networks, compares the scores."""
    results, _, datasets, plan, *_ = trainer.train(options, console)
    dataset = networks.only_classification(datasets)
    results["activation"] = results["activation"].map(sigmoids.label)
    found = sigmoids.curves(plan.config["activation"])
    selection = statistics.select(results, by=("activation",))
    tanh = describe("tanh", threshold=0.25)
    edge, scores = tanh.steep[0][1], by_seed(results)
    checks = sigmoids.shape_checks(found, tanh)
    if "tanh" in scores:
        checks += [
            near(
                f"{name} trains as tanh does: difference in test accuracy", "– (not claimed)",
                scores[name] - scores["tanh"], 0, ALIKE, format="+.1%",
            )
            for name in scores
            if name not in ("tanh", "logistic")  # logistic is tanh
        ]  # fmt: skip
    ranked = selection.sort_values("val_accuracy").to_dict("records")
    worst, best = ranked[0], ranked[-1]
    tails = sigmoids.table(found, selection)
    summary = (
        f"tanh' exceeds 1/4 for |x| < {edge:.7f}. At x = 4 the slopes reach from "
        f"{tails['slope at 4'].min():.1e} ({tails['activation'].iloc[0]}) to "
        f"{tails['slope at 4'].max():.1e} ({tails['activation'].iloc[-1]}), and yet the best and "
        f"the worst on validation, {best['activation']} and {worst['activation']}, reach "
        f"{best['test_accuracy']:.1%} and {worst['test_accuracy']:.1%} on test."
        f"{edge_note(tails['learning rate'])}"
    )
    return Claim(
        "sigmoid_family", "The sigmoid family",
        "0.25 < tanh'(x) <= 1 for x in about [-1.31, 1.31]. Other sigmoids are arctan, tanh, the "
        "Gudermannian, erf, the generalised logistic and algebraic functions.",
        tuple(checks), summary,
        {"sigmoid_family": sigmoids.figure(found, results, edge, dataset.name)},
        {"selection": selection, "scores": scores, "shapes": tails}, tails,
    )  # fmt: skip


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/sigmoid_family.py", workdir="runs/sigmoid_family")
