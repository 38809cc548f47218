"""Sign flips and the correction for families of pairs."""

import itertools

import numpy as np
import pytest

from acts_jax.analysis.significance import sign_flip, step_down


@pytest.mark.parametrize("seeds", [2, 5, 8])
def test_sign_flip_is_the_enumeration(seeds):
    row = np.random.default_rng(seeds).normal(0.5, 1, seeds)
    means = [abs(np.dot(signs, row)) for signs in itertools.product([-1, 1], repeat=seeds)]
    assert sign_flip(row) == pytest.approx(np.mean(np.array(means) >= abs(row.sum()) - 1e-9))
    assert sign_flip(np.ones(seeds)) == 2 / 2**seeds
    assert sign_flip(np.zeros(seeds)) == 1


def test_sign_flip_is_exact_or_not_given():
    assert np.isnan(sign_flip([])) and np.isnan(sign_flip(np.ones(15)))
    assert sign_flip(np.ones(14)) == 2 / 2**14


def test_pairs_with_both_hypotheses_rejected_no_longer_count():
    # Three pairs. Ascending: .001 x 3, .004 x 3; then the first pair is rejected entirely, so that
    # .02 x 2, .03 x 2 and so on (Shaffer's factors).
    differences, equivalences = step_down([0.001, 0.02, 0.5], [0.004, 0.9, 0.03])
    assert differences == pytest.approx([0.003, 0.04, 1])
    assert equivalences == pytest.approx([0.012, 1, 0.06])


def test_a_pair_without_a_test_does_not_count():
    differences, equivalences = step_down([0.01, np.nan, 0.5], [1, np.nan, 0.02])
    assert differences == pytest.approx([0.02, np.nan, 1], nan_ok=True)
    assert equivalences == pytest.approx([1, np.nan, 0.04], nan_ok=True)


def test_families_are_corrected_one_by_one():
    p = np.random.default_rng(0).random((4, 2, 6)) ** 3
    together = step_down(p[:, 0], p[:, 1])
    for index, family in enumerate(p):
        alone = step_down(*family)
        np.testing.assert_array_equal(together[0][index], alone[0])
        np.testing.assert_array_equal(together[1][index], alone[1])
