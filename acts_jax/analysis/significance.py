"""Corrections and tests for families of paired comparisons."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

EXACT_SEEDS = 14
"""Up to this many seeds the sign-flip test goes through all 2^n sign patterns."""


def sign_flip(differences: ArrayLike) -> float:
    """Two-sided sign-flip permutation p-value of a zero mean: exact, without a normal law.

    The share of all sign patterns of the differences [seeds] whose mean is at least as far from 0
    as the observed one; so it cannot be below 2 / 2^n. NaN of no seeds, and of more than
    `EXACT_SEEDS`.
    """
    differences = np.asarray(differences, float)
    if not 0 < differences.size <= EXACT_SEEDS:
        return np.nan
    # A pattern and its opposite are equally far from 0: half of the patterns are enough.
    codes = np.arange(2 ** (differences.size - 1))
    flipped = np.abs(
        (1.0 - 2.0 * (codes[:, None] >> np.arange(differences.size) & 1)) @ differences
    )
    rounding = 1e-12 * np.abs(differences).sum()
    return float(np.mean(flipped >= abs(differences.sum()) - rounding))


def step_down(p_values: ArrayLike, p_equivalence: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Holm's (1979) correction for a family of pairs with two hypotheses each.

    Of "there is no difference" and "the difference reaches the margin" at most one is true of a
    pair. So p-values, in ascending order, are multiplied by the number of pairs of which a
    hypothesis may still be true: all, but for those with both rejected before (Shaffer 1986,
    JASA 81:826). The chance of any wrong rejection in the family, of either kind, stays below the
    level; Holm's factors for each kind alone would add up to twice the level.

    Args:
        p_values: Of no difference [..., pair]; NaN of a pair without a test, which is not counted.
        p_equivalence: Of a difference that reaches the margin, likewise.

    Returns:
        Both, corrected, in the order given.
    """
    both = np.stack([np.asarray(p_values, float), np.asarray(p_equivalence, float)], axis=-2)
    tested = ~np.isnan(both).any(axis=-2)
    later = np.where(tested, both.max(axis=-2), np.inf)  # when a pair is entirely rejected
    values = np.where(tested[..., None, :], both, 1.0).reshape(*both.shape[:-2], -1)
    order = np.argsort(values, axis=-1, kind="stable")
    ascending = np.take_along_axis(values, order, axis=-1)
    decided = (later[..., None, :] < ascending[..., :, None]).sum(axis=-1)
    factors = tested.sum(axis=-1)[..., None] - decided
    stepped = np.minimum(np.maximum.accumulate(ascending * factors, axis=-1), 1.0)
    corrected = np.empty(values.shape)
    np.put_along_axis(corrected, order, stepped, axis=-1)
    corrected = np.where(tested[..., None, :], corrected.reshape(both.shape), np.nan)
    return corrected[..., 0, :], corrected[..., 1, :]
