"""Confirmed scores: what fresh seeds and splits say of settings that were fixed before.

The results that enter here hold one setting per activation, chosen elsewhere, and seeds that had no
part in the choice. A seed has the same initial weights, order of the data and split under every
activation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from acts_jax.analysis import intervals, statistics
from acts_jax.words import count

COVERS = ("seeds", "seeds and test examples")
"""What an interval covers: without, and with, the scores of single test examples."""


@dataclass(frozen=True)
class Runs:
    """The confirmed cells of one group, as arrays over activations and seeds.

    Attributes:
        activations: Names, sorted.
        kind: "accuracy", or "rmse" of a regression.
        ran: Whether there is a cell [activation, seed].
        scores: Test accuracy or RMSE [activation, seed]; NaN where the cell failed or is not there.
        examples: Score of each test example [activation, seed, example], whose mean is the cell's
            score; NaN where it was not tested. Without examples if none are known.
        resolution: Smallest step between scores, 1 / m where there are m test examples; NaN if all
            scores are one number.
    """

    activations: list[str]
    kind: str
    ran: np.ndarray
    scores: np.ndarray
    examples: np.ndarray
    resolution: float

    def estimate(self, first: int, other: int | None = None) -> tuple[intervals.Estimate, str]:
        """An activation's mean score, or its mean difference from another, and what it covers.

        A difference is taken seed by seed and example by example, where both have a score.

        Raises:
            ValueError: The two were tested on different examples under the same seed.
        """
        chosen = [first] if other is None else [first, other]
        scores, tested = self.scores[chosen], np.isfinite(self.examples[chosen])
        known = tested.any(axis=-1)
        if known.any() and (known | np.isnan(scores)).all():
            examples, common = self.examples[chosen], known.all(axis=0)
            if (tested[0] != tested[-1])[common].any():
                raise ValueError(
                    f"{self.activations[chosen[0]]} and {self.activations[chosen[-1]]} were tested "
                    "on different examples under one seed: a pair needs the same split"
                )
            differences = examples[0] if other is None else examples[0] - examples[1]
            hits = self.kind == "accuracy"
            return intervals.over_seeds_and_examples(differences, hits), COVERS[1]
        differences = scores[0] if other is None else scores[0] - scores[1]
        return intervals.over_seeds(differences, self.resolution), COVERS[0]


def runs(
    results: pd.DataFrame, by: Sequence[str], examples: pd.DataFrame | None = None
) -> Iterator[tuple[dict, Runs]]:
    """The groups of confirmed results, each with the values of `by` that it has.

    Args:
        results: Confirmed cells, as `sweep.results.load_results` orders the columns.
        by: Columns that part the groups; `dataset` comes first where there are several.
        examples: Columns `cell` (a name in `results`), `example` (the number of a test example in
            the dataset, the same for all cells) and `score` (1 for a hit and 0 otherwise; in a
            regression the squared error, in the target's unit squared).

    Raises:
        ValueError: A seed has several cells of one activation, or several splits; the scores of a
            cell's examples do not have its score as their mean, or are all of other cells.
    """
    if results.empty:
        raise ValueError("there are no confirmed results: no cell has finished yet")
    by = statistics.groups(results, by)
    kinds = _kinds(results)
    if examples is None:
        examples = pd.DataFrame({"cell": [], "example": [], "score": []})
    where = examples.groupby("cell", observed=True).indices
    if where and not results["cell"].isin(list(where)).any():
        raise ValueError(
            f"the examples are of other cells than the results: of {next(iter(where))}, not of "
            f"{results['cell'].iat[0]}"
        )
    numbers, values = examples["example"].to_numpy(), examples["score"].to_numpy(float)
    parts = results.groupby(by, observed=True, dropna=False) if by else [((), results)]
    for key, cells in parts:
        named = dict(zip(by, key, strict=True))
        kind = kinds[cells["dataset"].iat[0] if "dataset" in cells else ""]
        _refuse_repetitions(cells, named)
        yield named, _arrays(cells, kind, where, numbers, values)


def _kinds(results: pd.DataFrame) -> dict[str, str]:
    """`statistics.score_name` of each dataset: also where all cells of a group failed."""
    if "dataset" not in results:
        return {"": statistics.score_name(results)}
    datasets = results.groupby("dataset", observed=True)
    return {name: statistics.score_name(cells) for name, cells in datasets}


def _arrays(cells: pd.DataFrame, kind: str, where: Mapping, numbers, values) -> Runs:
    activations, rows = np.unique(cells["activation"].astype(str), return_inverse=True)
    seeds, columns = np.unique(cells["seed"], return_inverse=True)
    ran = np.zeros((activations.size, seeds.size), bool)
    ran[rows, columns] = True
    scores = np.full(ran.shape, np.nan)
    trained = cells["status"].eq("ok").to_numpy()
    finals = cells[f"test_{kind}"].to_numpy(float)
    scores[rows[trained], columns[trained]] = finals[trained]

    named = zip(cells["cell"], trained, strict=True)
    tested = [where.get(name) if ok else None for name, ok in named]
    parts = [numbers[found] for found in tested if found is not None]
    ids = np.unique(np.concatenate(parts)) if parts else np.zeros(0)
    of_examples = np.full((*ran.shape, ids.size), np.nan)
    for name, row, column, found in zip(cells["cell"], rows, columns, tested, strict=True):
        if found is not None:
            score = scores[row, column]
            new = _of_examples(values[found], score, kind, name)
            of_examples[row, column, np.searchsorted(ids, numbers[found])] = new
    # equal numbers of hits must not differ by rounding
    finite = scores[np.isfinite(scores)].round(7 if kind == "accuracy" else 300)
    steps = np.diff(np.unique(finite))
    resolution = float(steps.min()) if steps.size else np.nan
    return Runs(list(activations), kind, ran, scores, of_examples, resolution)


def _refuse_repetitions(cells: pd.DataFrame, named: dict) -> None:
    repeated = cells[cells.duplicated(["activation", "seed"])]
    if len(repeated):
        first = repeated.iloc[0]
        found = (cells["activation"] == first["activation"]) & (cells["seed"] == first["seed"])
        raise ValueError(
            f"{first['activation']}{place(named)} has {count(int(found.sum()), 'cell')} of seed "
            f"{first['seed']}: confirmed results hold one setting of an activation, one cell a seed"
        )
    if "split_seed" in cells and (cells.groupby("seed")["split_seed"].nunique() > 1).any():
        raise ValueError(
            f"a seed{place(named)} has other splits under other activations, which leaves nothing "
            "to pair: give each seed one split_seed"
        )


def _of_examples(values: np.ndarray, score: float, kind: str, cell: str) -> np.ndarray:
    """Scores of examples whose mean is the score of their cell.

    In a regression these are squared errors linearised about the cell's RMSE (delta method), which
    are in the target's unit.
    """
    mean = float(values.mean())
    found = mean if kind == "accuracy" else np.sqrt(mean)
    if not abs(found - score) <= 0.01 * abs(score) + 1e-9:
        raise ValueError(
            f"the scores of the test examples of {cell} give {found:.4g}, not its test {kind} "
            f"{score:.4g}: they are of another cell, or in another unit"
        )
    if kind == "accuracy" or found == 0:
        return values
    return values / (2 * found) + found / 2


def place(named: Mapping) -> str:
    """Where a group is, to append to a sentence: " at depth 4 of cnn on digits"."""
    others = [f"{n} {value}" for n, value in named.items() if n not in statistics.PLACES]
    at = f" at {', '.join(others)}" if others else ""
    of = f" of {named['model']}" if "model" in named else ""
    return at + of + (f" {'on' if of else 'of'} {named['dataset']}" if "dataset" in named else "")


def reported(
    results: pd.DataFrame,
    by: Sequence[str] = ("depth",),
    examples: pd.DataFrame | None = None,
    chance: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The table to report: the confirmed score of each activation in each group of `by`.

    Args:
        results: See `runs`.
        by: See `runs`.
        examples: See `runs`. Without them an interval covers the seeds alone.
        chance: Accuracy of guessing, by dataset.
        confidence: Of every interval.

    Returns:
        `by`, `activation`; `score`, the mean test accuracy (test RMSE in a regression) of the seeds
        that trained, `low` and `high`, its interval (`intervals.Estimate.between_0_and_1` for an
        accuracy), and `covers`, "seeds" or "seeds and test examples"; `seeds` (that trained),
        `failed` (diverged or could not be trained) and `failed_share` of all with `failed_low`
        and `failed_high`, Clopper and Pearson's exact interval, since a risk must not look smaller
        than it may be; `score_all`, the mean over all seeds, where a failed one counts as a guess
        (0 if `chance` does not know the dataset; infinite in a regression).

    Raises:
        ValueError: See `runs`; or `confidence` is outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    rows = []
    for named, group in runs(results, by, examples):
        dataset = named.get("dataset", results["dataset"].iat[0] if "dataset" in results else "")
        guess = (chance or {}).get(dataset, 0.0) if group.kind == "accuracy" else np.inf
        for index, activation in enumerate(group.activations):
            row = named | {"activation": activation}
            rows.append(row | _reported(group, index, guess, confidence))
    return pd.DataFrame(rows)


def _reported(group: Runs, index: int, guess: float, confidence: float) -> dict:
    estimate, covers = group.estimate(index)
    score, half = float(estimate.mean), float(estimate.half_width(confidence))
    low, high = max(score - half, 0.0), score + half
    if group.kind == "accuracy":
        low, high = map(float, estimate.between_0_and_1(confidence))
    seeds, ran = int(estimate.seeds), int(group.ran[index].sum())
    failed = binomtest(ran - seeds, ran).proportion_ci(confidence, method="exact")
    of_trained = score * seeds if seeds else 0.0
    return {
        "score": score,
        "low": low,
        "high": high,
        "covers": covers,
        "seeds": seeds,
        "failed": ran - seeds,
        "failed_share": 1 - seeds / ran,
        "failed_low": failed.low,
        "failed_high": failed.high,
        "score_all": (of_trained + guess * (ran - seeds)) / ran if seeds < ran else score,
    }
