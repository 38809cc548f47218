"""Says whether an activation is better than its rivals, by how much, and how sure that is.

python -m experiments.verdict --activation=my_pkg.my_mod:my_fn
python -m experiments.verdict --activation=mish --against=relu,gelu --budget=10
python -m experiments.verdict --activation=swish --learn=all --dataset=breast_cancer
"""

import time

from absl import flags

from acts_jax import cli, machine
from acts_jax.errors import ConfigError
from acts_jax.report import methods
from acts_jax.studies import verdict
from acts_jax.words import join

AGAINST = flags.DEFINE_list(
    "against", ["relu", "gelu", "silu", "tanh"], "The activations that it is compared with."
)
BUDGET = flags.DEFINE_float(
    "budget", 5.0, "Minutes for tuning and confirming, all activations together.", lower_bound=0.0
)
LEARN = flags.DEFINE_string(
    "learn",
    None,
    "Which parameters are trained: one of its own by name (rivals learn what they do by default), "
    "or all or none of everybody's; short for --config.learn.",
)


def main() -> None:
    """Races, writes the page, and prints the verdicts."""
    started = time.perf_counter()
    options, formats = cli.options(), cli.formats()
    asked = flags.FLAGS.activation or []
    if len(asked) != 1:
        raise ConfigError("a verdict is on one activation: --activation=my_pkg.my_mod:my_fn")
    if options.shard is not None:
        raise ConfigError("a verdict compares all of its networks: it takes no --shard")
    if LEARN.value is not None:
        options = options.with_fields(learn=LEARN.value)
    console = cli.terminal()
    race = verdict.race(
        options,
        asked[0],
        AGAINST.value,
        console,
        budget=60 * BUDGET.value,
        margins=cli.margins(),
    )
    facts = cli.provenance() | {"seconds": f"{time.perf_counter() - started:.1f}"}
    facts.pop("config", None)
    trained = race.trained
    how = methods.paragraph(
        trained.results,
        trained.confirmed,
        sizes={name: d.sizes for name, d in trained.datasets.items()},
        tuning="The better half of the learning rates went on from round to round, with as many "
        "new seeds as all before (successive halving).",
        margin=join(race.comparisons["margin_in_words"].unique()),
        versions=machine.facts()["versions"],
    )
    page = verdict.write(
        race, trained.workdir / "verdict.html", facts=facts, methods=how, formats=formats
    )
    console.print(verdict.terminal(race), "")
    for sentence in verdict.sentences(race):
        console.print(sentence)
    console.print(f"\n{facts['seconds']} s; page: {page}", soft_wrap=True)


if __name__ == "__main__":
    cli.run(main, config="configs/verdict.py", workdir="runs/verdict", uses=("margin", "format"))
