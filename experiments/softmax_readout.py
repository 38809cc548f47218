"""Softmax where it belongs, on the readout; as the sigmoid of two classes; and in hidden layers.

python -m experiments.softmax_readout
python -m experiments.softmax_readout --classes=3,8 --config.width=32
"""

from absl import flags
from rich.console import Console

from acts_jax import cli
from acts_jax.analysis.pairing import edge_note
from acts_jax.studies import softmax_readout as readout
from acts_jax.studies.claims import Claim, at_least, near
from acts_jax.sweep import launch, networks, trainer
from acts_jax.sweep.options import Options

CLASSES = flags.DEFINE_list(
    "classes",
    [],
    "Names of the two classes for the heads (default: those most confused on validation).",
)


def study(options: Options, console: Console) -> Claim:
    """Trains, looks at the probabilities, compares heads and hidden layers."""
    plan, datasets = trainer.prepare(options, console)
    dataset = networks.only_classification(datasets)
    networks.only_one_shape(plan)
    names = CLASSES.value
    pair = readout.classes_of(dataset, names) if names else None
    first, *others = networks.fit_groups(plan.groups, datasets)
    best = first.best()
    found = [readout.readouts(best, row) for row in range(len(best.results))]
    pair = pair or readout.hardest_pair(readout.readouts(best, split="val"))
    two = readout.two_classes(dataset, *pair)
    changes = {"activation": first.model.activation, "head": "sigmoid,softmax"}
    config = options.with_fields(**changes).config
    heads = networks.fit_groups(launch.make_plan(config).groups, {dataset.name: two})
    inside = {f"{group.model.activation} inside": group for group in (first, *others)}
    told = " or ".join(two.class_names)
    scores = readout.table(inside | {f"{told}: {g.model.head} head": g for g in heads})
    one_head, two_heads = map(readout.accuracies, heads)
    same, own = readout.two_class_identity(), readout.accuracies(first)
    worse = [(group.model.activation, own - readout.accuracies(group)) for group in others]
    heads_differ = f"{told}: accuracy of the softmax head minus that of the sigmoid head"
    better = f"{first.model.activation} inside is better than"
    checks = [
        *readout.probability_checks(found, same),
        near(heads_differ, "0", two_heads - one_head, 0, 0.02, format="+.1%"),
        *(at_least(f"{better} {n} inside: accuracy gained", "a mistake", g, 0.05, format=".1%")
          for n, g in worse),
    ]  # fmt: skip
    if {"4", "7", "9"} <= set(dataset.class_names):
        checks.append(readout.likeness_check(dataset, found, "4", ("7", "9")))
    reached = zip(scores["network"], scores["test accuracy"], strict=True)
    summary = f"The strongest runner-up of a test example has {found[0].runner_up.max():.0%}. "
    summary += "On test: " + "; ".join(f"{name} {share:.1%}" for name, share in reached) + "."
    summary += edge_note(scores["learning rate"])
    chosen = readout.examples(dataset, found[0])
    return Claim(
        "softmax_readout", "Softmax on the readout",
        "Softmax gives a categorical distribution: values in (0, 1) that sum to 1; a 4 may look a "
        "little like a 7 and a 9. Two classes take one sigmoid output, more take a softmax. "
        "Softmax belongs on the readout, ReLU on the hidden layers.",
        tuple(checks), summary,
        {"softmax_readout": readout.figure(dataset, found[0], chosen, scores)},
        {"scores": scores, "examples": found[0].record(chosen),
         "two_classes": same}, scores,
    )  # fmt: skip


main = cli.presenting(lambda console: study(cli.options(), console))

if __name__ == "__main__":
    cli.run(main, config="configs/softmax_readout.py", workdir="runs/softmax_readout")
