"""Loading what a sweep has found: of the networks that tuned it, or of those that confirmed it.

Nothing here imports jax: results can be loaded anywhere.
"""

import os
from collections.abc import Collection, Iterable

import pandas as pd

from acts_jax.sweep import results, store


def load_results(workdir: str | os.PathLike, stage: str = "tuned") -> pd.DataFrame:
    """One row per network of a sweep: its hyperparameters, its status and its final metrics.

    Args:
        workdir: A sweep's workdir, finished or not.
        stage: "tuned", the sweep's networks and those of the rounds that tuned it further, whose
            scores are too good for the settings that they chose; or "confirmed", those that trained
            the chosen settings from fresh seeds.

    Returns:
        The columns of `results.read_results`.

    Raises:
        StoreError: If there are no results, there was no confirmation, or a file cannot be read.
        ValueError: If there is no such stage.
    """
    return _all(results.read_results(folder) for folder in store.folders(workdir, stage))


def load_curves(
    workdir: str | os.PathLike, metrics: Collection[str] | None = None, stage: str = "tuned"
) -> pd.DataFrame:
    """Every evaluation of every network of a sweep, in long form: one row per number.

    Args:
        workdir: As for `load_results`.
        metrics: Names of the metrics to load; by default all, see `results.read_curves`.
        stage: As for `load_results`.

    Returns:
        The columns of `results.read_curves`.

    Raises:
        StoreError: As `load_results`; if no network has such curves.
        ValueError: As `load_results`.
    """
    return _all(results.read_curves(folder, metrics) for folder in store.folders(workdir, stage))


def load_examples(workdir: str | os.PathLike, stage: str | None = None) -> pd.DataFrame:
    """How every network does on every test example, in long form: one row per example.

    Args:
        workdir: As for `load_results`.
        stage: As for `load_results`; by default the confirmed one, if there was a confirmation. The
            networks of a sweep itself have recorded their examples with record="examples" only.

    Returns:
        The columns of `results.read_examples`.

    Raises:
        StoreError: As `load_results`; if no network has recorded any.
        ValueError: As `load_results`.
    """
    if stage is None:
        stage = "confirmed" if store.is_confirmed(workdir) else "tuned"
    return _all(results.read_examples(folder) for folder in store.folders(workdir, stage))


def _all(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Frames one below the other, with the columns of the first, which has them all."""
    first, *others = frames
    return pd.concat([first, *others], ignore_index=True) if others else first
