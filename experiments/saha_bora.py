"""SBAF and A-ReLU beside the sigmoid and the ReLU: shapes, best fits, and trained networks.

python -m experiments.saha_bora
python -m experiments.saha_bora --config.sbaf.k=0.91,0.98 --config.depth=1,2,3
"""

from rich.console import Console

from acts_jax import cli
from acts_jax.analysis import statistics
from acts_jax.analysis.pairing import by_seed
from acts_jax.studies import claims, saha_bora, saha_bora_figures
from acts_jax.sweep import networks, trainer
from acts_jax.sweep.options import Options

TEXT = (
    "SBAF, 1/(1 + k x^a (1-x)^(1-a)), is flexible: under certain conditions it approximates the "
    "sigmoid and the ReLU rather well. A-ReLU, k x^n for x > 0, approximates the ReLU and is "
    "everywhere differentiable."
)
CLOSE = 0.05  # root mean square distance over the target's range, up to which it is "rather well"
ALIKE = 0.01  # difference in test accuracy, up to which two functions train alike


def study(options: Options, console: Console) -> claims.Claim:
    """Trains both functions beside their targets, measures their shapes and fits them."""
    results, *_ = trainer.train(options, console, check)
    results, fits = saha_bora.by_parameters(results), saha_bora.fits()
    groups = ("activation", "depth")
    scores, selection = by_seed(results, groups), statistics.select(results, groups)
    return claims.Claim(
        name="saha_bora",
        title="SBAF and A-ReLU: how near to the sigmoid and the ReLU?",
        text=TEXT,
        checks=(
            *saha_bora.shapes(),
            *saha_bora.distances(fits, CLOSE),
            *saha_bora.trained(scores, ALIKE),
        ),
        summary=saha_bora.summary(fits, scores, selection),
        figures={
            "saha_bora": saha_bora_figures.sbaf_figure(fits),
            "saha_bora_a_relu": saha_bora_figures.a_relu_figure(fits, scores),
        },
        numbers={"fits": saha_bora.table(fits), "test_accuracy": scores, "selection": selection},
        table=saha_bora.table(fits),
    )


def check(plan, datasets) -> None:
    """Refuses a sweep that cannot be shown: a regression, or several datasets."""
    networks.only_classification(datasets)


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/saha_bora.py", workdir="runs/saha_bora")
