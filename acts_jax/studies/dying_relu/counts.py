"""Dead units counted by learning rate, layer and step, and what networks and seeds make of them."""

import numpy as np
import pandas as pd

from acts_jax.analysis import pairing
from acts_jax.report.style import brief, percent
from acts_jax.sweep import results
from acts_jax.sweep.trainer import Trained

KILLED = 0.4  # share of the units, which the texts say may die
COST = 0.05  # accuracy that a learning rate may cost, against the best one, and still be of use
LAYERS = ("layer 1", "deeper layers")
OPTIMIZERS = {"sgd": "plain gradient descent", "momentum": "with momentum"}
SETTING = ["activation", "optimizer", "learning_rate"]
NETWORK = [*SETTING, "seed"]


def by_step(trained: Trained) -> pd.DataFrame:
    """Tabulate the units of a sweep with record="units", by network, hidden layer and evaluation.

    Returns:
        Columns activation, optimizer, learning_rate, seed, layer, step; dead, the share of the
        layer's units; validation_accuracy and test_accuracy; deaths and returned, from
        `deaths_and_returns`, the same at all steps, 0 in networks that diverge. The measurements of
        a network are NaN from the evaluation on at which it was found to have diverged.
    """
    curves = ("step", "dead_unit", "train_loss", "validation_accuracy", "test_accuracy")
    recorded = results.load_arrays(
        trained.workdir, lambda name: name.removeprefix("curve.") in curves
    )
    settings = trained.results.set_index("cell")[NETWORK]
    parts = []
    for group in trained.plan.groups:
        if group.key not in recorded:  # none of its networks could be trained
            continue
        columns = recorded[group.key]
        networks = settings.loc[columns["cell"]].reset_index(drop=True)
        steps = columns["curve.step"][0]
        finite = np.isfinite(columns["curve.train_loss"])
        finishes = finite.all(axis=1)
        for layer, width in enumerate(group.static.hidden_sizes, start=1):
            dead = columns["curve.dead_unit"][:, :, layer - 1, :width] == 1
            deaths, returned = deaths_and_returns(np.moveaxis(dead, 1, 0))
            rows = networks.loc[networks.index.repeat(len(steps))].assign(
                layer=layer,
                deaths=np.repeat(deaths.sum(axis=1) * finishes, len(steps)),
                returned=np.repeat(returned.sum(axis=1) * finishes, len(steps)),
                step=np.tile(steps, len(networks)),
                dead=np.where(finite, dead.mean(axis=2), np.nan).ravel(),
                validation_accuracy=columns["curve.validation_accuracy"].ravel(),
                test_accuracy=columns["curve.test_accuracy"].ravel(),
            )
            parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def deaths_and_returns(dead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count deaths that were seen, and those of them that were followed by a life.

    Args:
        dead: bool [evaluations, ...].

    Returns:
        Two int arrays [...]: how often a unit was found dead that was alive at the evaluation
        before, or that was dead at the first one; and how often it was found alive after that.
    """
    change = np.diff(dead.astype(int), axis=0, prepend=0)
    return (change > 0).sum(axis=0), (change < 0).sum(axis=0)


def at_end(units: pd.DataFrame, chance: float) -> pd.DataFrame:
    """Sum up each network at the last look: `dead` over all layers, `diverged`, the accuracies.

    A diverged network has the accuracy of chance, wherever accuracies are compared; what died in it
    is not known: NaN.
    """
    last = units[units["step"] == units["step"].max()]
    grouped = last.groupby(NETWORK, sort=False, as_index=False)
    networks = grouped[["dead", "validation_accuracy", "test_accuracy"]].mean()
    networks = networks.assign(diverged=networks["dead"].isna())
    scores = ["validation_accuracy", "test_accuracy"]
    return networks.assign(**networks[scores].mask(networks["diverged"], chance))


def at_best_rate(networks: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of `at_end` at the rate best on validation."""
    return networks.merge(_highest(networks, "validation_accuracy"), on=SETTING)


def usable(networks: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of `at_end` at rates that cost at most `COST` against the best one.

    For each activation and optimizer, by the mean over seeds of the accuracy on validation.
    """
    means = networks.groupby(SETTING, as_index=False)["validation_accuracy"].mean()
    best = means.groupby(SETTING[:2])["validation_accuracy"].transform("max")
    return networks.merge(means.loc[means["validation_accuracy"] >= best - COST, SETTING])


def at_deadliest_rate(networks: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of `usable` at the rate with the most dead units."""
    of_use = usable(networks)
    return of_use.merge(_highest(of_use, "dead"), on=SETTING)


def too_high(networks: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of `at_end`, of all activations, at rates above those of use to relu."""
    relu = usable(networks[networks["activation"] == "relu"])
    highest = networks["optimizer"].map(relu.groupby("optimizer")["learning_rate"].max())
    return networks[networks["learning_rate"] > highest]


def _highest(networks: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rate with the highest mean of a column, for each activation and optimizer."""
    means = networks.groupby(SETTING, as_index=False)[column].mean().fillna({column: -np.inf})
    return means.loc[means.groupby(SETTING[:2])[column].idxmax(), SETTING]


def threshold(networks: pd.DataFrame) -> pd.Series:
    """Find the lowest rate at which `KILLED` of the units die, by activation and optimizer.

    Between two rates the mean over seeds is interpolated along the logarithm of the rate; NaN if
    no rate kills as many.
    """

    def crossing(mine: pd.DataFrame) -> float:
        dead = mine.groupby("learning_rate")["dead"].mean().dropna()
        above = np.flatnonzero(dead >= KILLED)
        if not above.size:
            return np.nan
        if above[0] == 0:
            return float(dead.index[0])
        pair = dead.iloc[above[0] - 1 : above[0] + 1]
        return float(np.exp(np.interp(KILLED, pair.to_numpy(), np.log(pair.index.to_numpy()))))

    return networks.groupby(["activation", "optimizer"])[["learning_rate", "dead"]].apply(crossing)


def comeback(units: pd.DataFrame) -> pd.DataFrame:
    """Count the deaths of relu units that were seen, and the returns, at all rates together.

    What happens between two looks is not seen.

    Returns:
        Columns deaths, returned and share, NaN without deaths; a row for each optimizer, "layer 1"
        or "deeper layers", and seed.
    """
    mine = units[(units["activation"] == "relu") & (units["step"] == 0)]
    mine = mine.assign(layers=np.where(mine["layer"] == 1, *LAYERS))
    back = mine.groupby(["optimizer", "layers", "seed"])[["deaths", "returned"]].sum()
    return back.assign(share=back["returned"] / back["deaths"])


def comeback_in_words(back: pd.DataFrame) -> str:
    """Tell what `comeback` counted, all seeds together."""
    counts = back.groupby(level=[0, 1]).sum().rename(index=OPTIMIZERS)
    return "; ".join(
        f"{row['returned']:,.0f} of {row['deaths']:,.0f} in {layers} ({optimizer})"
        for (optimizer, layers), row in counts.iterrows()
    )


def table(networks: pd.DataFrame) -> pd.DataFrame:
    """Tabulate `at_end` for the terminal, a row per optimizer and activation.

    An arrow marks a best rate at the edge of those that were tried. The last columns are about
    `too_high`, NaN where there is no such rate.
    """
    keys = ["optimizer", "activation"]
    best, deadliest, beyond = (
        rows.groupby(keys).mean(numeric_only=True)
        for rows in (at_best_rate(networks), at_deadliest_rate(networks), too_high(networks))
    )
    beyond, from_rate, rows = beyond.reindex(best.index), threshold(networks), []
    for optimizer, name in networks[keys].drop_duplicates().itertuples(index=False):
        good, bad, last = (part.loc[optimizer, name] for part in (best, deadliest, beyond))
        rows.append(
            {
                "optimizer": optimizer,
                "activation": name,
                "best rate": pairing.rate(good["learning_rate"], networks["learning_rate"], 2),
                "dead": percent(good["dead"]),
                "accuracy": percent(good["test_accuracy"]),
                "most dead, of use": percent(bad["dead"]),
                "at rate": brief(bad["learning_rate"]) if bad["dead"] > 0 else "–",
                "40% dead from": from_rate[name, optimizer],
                "accuracy, too high": percent(last["test_accuracy"]),
                "diverged": percent(last["diverged"]),
            }
        )
    return pd.DataFrame(rows)


def toll_in_words(networks: pd.DataFrame, optimizer: str) -> str:
    """Tell how many of relu's units die at rates that are of use, and at which rates 40% do."""
    mine = networks[networks["optimizer"].eq(optimizer) & networks["activation"].eq("relu")]
    deadliest, rate = at_deadliest_rate(mine), threshold(mine).iloc[0]
    told = (
        f"at the rates that cost relu at most {100 * COST:g} points of accuracy at most "
        f"{percent(deadliest['dead'].mean())} of its units are dead"
    )
    if np.isnan(rate):
        return f"{told}; no rate kills {KILLED:.0%}"
    accuracy = mine.groupby("learning_rate")["test_accuracy"].mean()
    accuracy = accuracy[accuracy.index >= rate * (1 - 1e-9)]  # from the first rate swept there
    return (
        f"{told}; {KILLED:.0%} are from a rate of {brief(rate)} on, and at "
        f"{brief(accuracy.index[0])} the accuracy is {percent(accuracy.iloc[0])}"
    )
