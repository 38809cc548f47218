"""How a sweep was done, as a paragraph for the methods section of a paper, from its results."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from acts_jax.analysis import statistics
from acts_jax.report.style import brief, spelt
from acts_jax.words import count, join

MODELS = {
    "mlp": "multilayer perceptrons",
    "resmlp": "multilayer perceptrons with skip connections",
    "cnn": "convolutional networks",
    "vit": "vision transformers",
}
INPUTS = {
    "unit": "scaled to [0, 1]",
    "symmetric": "scaled to [−1, 1]",
    "standardize": "standardised, each feature by its mean and deviation over the training set",
}
WEIGHTS = {
    "lecun_normal": "with variance 1/fan-in (LeCun)",
    "he_normal": "with variance 2/fan-in (He)",
    "glorot_uniform": "uniformly with variance 2/(fan-in + fan-out) (Glorot)",
    "torch_default": "uniformly within ±1/√fan-in, as biases (PyTorch's default)",
    "second_moment": "normally with variance g²/fan-in, g = E[f(z)²]^(−1/2) for standard normal z, "
    "f the activation",
    "its own": "as the networks' authors have it",
}
OPTIMIZERS = {"sgd": "SGD", "momentum": "SGD with momentum", "adam": "Adam", "adamw": "AdamW"}


def paragraph(
    results: pd.DataFrame,
    confirmed: pd.DataFrame | None,
    *,
    sizes: Mapping[str, Mapping[str, int]],
    tuning: str = "",
    margin: str = "",
    versions: str = "",
    command: str = "",
) -> str:
    """What was trained, how settings were chosen, and how what is reported was found.

    Args:
        results: Of the networks that chose the settings.
        confirmed: Of those that confirmed them; None if there are none.
        sizes: By dataset, the number of examples of its splits, by their names.
        tuning: What else is to be said of how settings were chosen, as a sentence.
        margin: Up to which difference two activations are equivalent, "0.5 points"; empty if none
            were compared.
        versions: Of the software: "jax 0.10.2, flax 0.12".
        command: The command line that gives the same results again.
    """
    said = [_trained(results, sizes), _began(results), _chosen(results), *filter(None, [tuning])]
    if confirmed is None:
        said.append("The scores are those of the seeds by which the settings were chosen.")
    else:
        said.append(_confirmed(results, confirmed, margin))
    if versions:
        said.append(f"All networks were trained with acts_jax ({versions}).")
    if command:
        said.append(f"The command was: {command}")
    return " ".join(said)


def _trained(results: pd.DataFrame, sizes: Mapping[str, Mapping[str, int]]) -> str:
    sets = []
    for name in _values(results, "dataset"):
        splits = [f"{size:,} {split}" for split, size in sizes.get(name, {}).items()]
        sets.append(f"{name} ({join(splits)} examples)" if splits else name)
    names = _values(results, "activation")
    listed = f"the activations {join(names)}" if len(names) > 1 else f"the activation {names[0]}"
    by_model = results.groupby("model", observed=True) if "model" in results else [("mlp", results)]
    networks = [_network(str(model), cells) for model, cells in by_model]
    return f"We trained {join(networks)} on {join(sets)}, with {listed}."


def _network(model: str, results: pd.DataFrame) -> str:
    """A kind of network, and its sizes."""
    kind = MODELS.get(model, f"networks {model}")
    if model in ("mlp", "resmlp"):
        return f"{kind} with {_layers(results)}"
    depths, widths = (_values(results, name) for name in ("depth", "width"))
    if model == "cnn" and 0 in widths:
        return f"{kind} with blocks of {join(_values(results, 'hidden_sizes'))} channels"
    blocks = f"{join(map(str, depths))} {'block' if depths == [1] else 'blocks'}"
    sizes = join(str(width) for width in widths if width)
    if model == "cnn":
        return f"{kind} with {blocks}, of {sizes} channels at first and twice as many in the next"
    return f"{kind} with {blocks} of width {sizes}" if sizes else kind


def _layers(results: pd.DataFrame) -> str:
    depths, widths = _values(results, "depth"), _values(results, "width")
    if depths == [0]:
        return "no hidden layer"
    if 0 in widths and depths[0] > 0:  # layers of different widths
        return f"hidden layers of {join(_values(results, 'hidden_sizes'))} units"
    layers = "layer" if depths == [1] else "layers"
    sizes = join(str(width) for width in widths if width)
    return f"{join(map(str, depths))} hidden {layers} of {sizes} units"


def _began(results: pd.DataFrame) -> str:
    optimizers = []
    for name, cells in results.groupby("optimizer", observed=True):
        momenta = [brief(m) for m in _values(cells, "momentum")] if name == "momentum" else []
        optimizers.append(" ".join([OPTIMIZERS[str(name)], join(momenta)]).strip())
    decays = [brief(d) for d in _values(results, "weight_decay") if d]
    decay = f", weight decay {join(decays)}" if decays else ""
    patience = [p for p in _values(results, "patience") if p] if "patience" in results else []
    early = f", stopped once {patience[0]} evaluations were no better" if patience else ""
    weights = " or ".join(WEIGHTS[name] for name in _values(results, "init"))
    normed = set(results["layer_norm"])
    norm = ", with layer normalisation" if normed == {True} else ""
    norm = ", with and without layer normalisation" if len(normed) > 1 else norm
    inputs = join(INPUTS[name] for name in _values(results, "preprocessing"))
    return (
        f"Inputs were {inputs}; weights were drawn {weights}{norm}. The optimizer was "
        f"{join(optimizers)}, with batches of {join(map(str, _values(results, 'batch_size')))} "
        f"for {join(map(str, _values(results, 'epochs')))} epochs{decay}{early}."
    )


def _chosen(results: pd.DataFrame) -> str:
    by = statistics.groups(results, ["activation", "depth"])
    chosen = [_plainly(name) for name in statistics.nuisances(results, by)]
    if not chosen:
        return "Nothing was tuned."
    what = f"the {join(chosen)}" if len(chosen) == 1 else f"the combination of {join(chosen)}"
    tried = results.groupby(by, observed=True)["learning_rate"].nunique()
    low, high = (brief(results["learning_rate"].agg(end), 3) for end in ("min", "max"))
    many = str(tried.min()) if tried.min() == tried.max() else f"{tried.min()} to {tried.max()}"
    each = join(by)
    rates = f", out of {many} learning rates from {low} to {high}" if tried.max() > 1 else ""
    best = {"accuracy": "highest mean accuracy", "rmse": "lowest mean loss"}
    return (
        f"For each {each}, {what} of the {' or '.join(best[kind] for kind in _kinds(results))} on "
        f"validation over {count(results['seed'].nunique(), 'seed')} was chosen{rates}."
    )


def _kinds(results: pd.DataFrame) -> list[str]:
    """The kinds of score: both where there are classifications and regressions."""
    of = results.groupby("dataset", observed=True)
    return sorted({statistics.score_name(cells) for _, cells in of})


def _confirmed(results: pd.DataFrame, confirmed: pd.DataFrame, margin: str) -> str:
    seeds = confirmed["seed"].nunique()
    told = f"{count(seeds, 'fresh seed')}, {'each of which' if seeds > 1 else 'which'} sets"
    whole = "split_seed" not in confirmed or set(confirmed["split_seed"]) == {0}
    sets = ["the initial weights", "the order of the batches"]
    if not whole:
        sets.append("the division into training, validation and test examples")
    kind = " or ".join(map(spelt, _kinds(results)))
    said = (
        f"The networks at the chosen settings were trained anew from {told} {join(sets)}. "
        f"The test {kind} of these networks alone is reported"
    )
    if seeds == 1:
        return f"{said}."
    said += ", with 95% intervals that cover seeds and test examples."
    if not margin:
        return said
    return (
        f"{said} Activations were compared in pairs, seed by seed and example by example, by "
        f"Student's paired t test with Holm's correction; differences below {margin} count as "
        "equivalent (two one-sided tests)."
    )


def _plainly(column: str) -> str:
    return {"init": "initial weights"}.get(column, column.replace("_", " "))


def _values(results: pd.DataFrame, column: str) -> list:
    """The different values of a column, in the order of the results; numbers ascending."""
    values = list(results[column].dropna().unique())
    return sorted(values) if pd.api.types.is_numeric_dtype(results[column]) else values
