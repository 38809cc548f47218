"""Laws of scores whose means are known, to hold what the analysis says against."""

import numpy as np
import pandas as pd
from scipy.special import ndtri


def hits(
    generator, accuracies, seeds, tested, alike=1.0, unlike=1.0, of_seed=0.1, shared=0.5, times=1
):
    """Hits [times, activation, seed, example] of activations with the given true `accuracies`.

    A hit is a latent normal variable above 0: a part of the seed (standard deviation `of_seed`), of
    the example (`alike`, of which a share `shared` is common to all activations) and of both
    (`unlike`). `tested` is a number of examples, or which ones [seed, example] were tested.
    """
    shape = np.shape(tested) or (seeds, tested)

    def normal(*size):
        return generator.standard_normal(size, dtype=np.float32)

    many = len(accuracies)
    latent = unlike * normal(times, many, *shape) + of_seed * normal(times, many, seeds, 1)
    latent += alike * np.sqrt(1 - shared) * normal(times, many, 1, shape[1])
    latent += alike * np.sqrt(shared) * normal(times, 1, 1, shape[1])
    scale = np.sqrt(unlike**2 + of_seed**2 + alike**2)
    latent += (scale * ndtri(accuracies))[:, None, None]
    found = (latent > 0).astype(np.float32)
    return np.where(tested, found, np.float32(np.nan)) if np.shape(tested) else found


def fresh_splits(generator, seeds, size, pool):
    """Which of `pool` examples each seed tests [seed, example]: `size`, drawn anew for each."""
    return generator.permuted(np.tile(np.arange(pool), (seeds, 1)), axis=1) < size


def cells(found, status=None, dataset="d", depth=2, names="abcdefghijkl", error=None):
    """Confirmed results and their examples, of hits or squared errors [activation, seed, example].

    `status` [activation, seed] is "ok" where not given. `error` is "rmse" for a regression.
    """
    rows, scores = [], []
    for (activation, seed), of_cell in zip(
        np.ndindex(found.shape[:2]), found.reshape(-1, found.shape[2]), strict=True
    ):
        cell = f"{dataset}-{depth}-{activation}-{seed}"
        ended = "ok" if status is None else status[activation][seed]
        numbers = np.flatnonzero(np.isfinite(of_cell))
        score = float(of_cell[numbers].mean()) if ended == "ok" else np.nan
        rmse = np.sqrt(score) if error == "rmse" else np.nan
        accuracy = np.nan if error == "rmse" else score
        rows.append(
            {
                "cell": cell,
                "dataset": dataset,
                "activation": names[activation],
                "depth": depth,
                "seed": 100 + seed,
                "split_seed": 100 + seed,
                "status": ended,
                "validation_accuracy": accuracy,
                "validation_loss": 1.0 if ended == "ok" else np.nan,
                "test_accuracy": accuracy,
                "test_rmse": rmse,
            }
        )
        if ended == "ok":
            parts = {"cell": cell, "example": numbers, "score": of_cell[numbers]}
            scores.append(pd.DataFrame(parts))
    return pd.DataFrame(rows), pd.concat(scores, ignore_index=True)
