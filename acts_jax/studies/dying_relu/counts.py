"""Dead units counted by learning rate, layer and step, and what networks and seeds make of them."""

import numpy as np
import pandas as pd

from acts_jax.analysis import pairing
from acts_jax.sweep import results
from acts_jax.sweep.trainer import Trained

KILLED = 0.4  # share of the units, which the texts say may die
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


def at_end(units: pd.DataFrame) -> pd.DataFrame:
    """Sum up each network at the last look: `dead` over all layers, and the accuracies."""
    last = units[units["step"] == units["step"].max()]
    grouped = last.groupby(NETWORK, sort=False, as_index=False)
    return grouped[["dead", "validation_accuracy", "test_accuracy"]].mean()


def at_best_rate(networks: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of `at_end` at the rate best on validation; a diverged network counts 0."""
    scores = networks.fillna({"validation_accuracy": 0.0})
    return networks.merge(_highest(scores, "validation_accuracy"), on=SETTING)


def at_worst_rate(networks: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of `at_end` at the rate with the most dead units.

    Diverged networks are left out, and so are rates at which fewer than half of the seeds finish:
    an activation of which no rate is left has no rows.
    """
    finished = networks.groupby(SETTING)["dead"].transform(lambda dead: dead.notna().mean())
    networks = networks[networks["dead"].notna() & (finished >= 0.5)]
    return networks.merge(_highest(networks, "dead"), on=SETTING)


def _highest(networks: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rate with the highest mean of a column, for each activation and optimizer."""
    means = networks.groupby(SETTING, as_index=False)[column].mean()
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

    An arrow marks a best rate at the edge of those that were tried. What was counted at the rate
    with the most dead units is NaN where no rate let half of the seeds finish.
    """
    keys = ["optimizer", "activation"]
    best = at_best_rate(networks).groupby(keys).mean(numeric_only=True)
    worst = at_worst_rate(networks).groupby(keys).mean(numeric_only=True).reindex(best.index)
    from_rate, rows = threshold(networks), []
    for optimizer, name in networks[keys].drop_duplicates().itertuples(index=False):
        good, bad = best.loc[optimizer, name], worst.loc[optimizer, name]
        rows.append(
            {
                "optimizer": optimizer,
                "activation": name,
                "best rate": pairing.rate(good["learning_rate"], networks["learning_rate"], 2),
                "dead": f"{good['dead']:.1%}",
                "accuracy": f"{good['test_accuracy']:.1%}",
                "40% dead from": from_rate[name, optimizer],
                "most dead": _percent(bad["dead"]),
                "at rate": bad["learning_rate"],
                "accuracy there": _percent(bad["test_accuracy"]),
            }
        )
    return pd.DataFrame(rows)


def toll_in_words(table: pd.DataFrame, optimizer: str) -> str:
    """Tell what `table` says of the rates that kill units of relu."""
    row = table[table["optimizer"].eq(optimizer) & table["activation"].eq("relu")].iloc[0]
    if np.isnan(row["at rate"]):
        return "at no learning rate do half of relu's seeds finish"
    rate = row["40% dead from"]
    killing = "no learning rate kills" if np.isnan(rate) else f"{rate:.2g} is the rate that kills"
    return (
        f"{killing} 40% of relu's units; the most, {row['most dead']}, are dead at "
        f"{row['at rate']:.2g}, with an accuracy of {row['accuracy there']} in place of the "
        f"{row['accuracy']} at the best rate"
    )


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{share:.1%}"
