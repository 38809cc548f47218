"""Successive halving: good rates get the seeds, everybody the same, and nobody looks twice."""

import numpy as np
import pytest

from acts_jax.errors import ConfigError, StoreError
from acts_jax.sweep import rounds
from acts_jax.sweep.halving import FEWEST, FINALISTS, MOST, Halving
from tests.sweep.test_rounds import BEST, plan, results_of


def halved(tmp_path, budget=1e9, **fields):
    base = plan(**{"depth": 1, "learning_rate": "logspace(1e-3,10,13)", "seed": "0,1"} | fields)
    strategy = Halving(budget, tmp_path / "seeds.json")
    plans, results = strategy.tune(base, results_of(base), results_of)
    return strategy, plans, results


def test_the_better_half_gets_as_many_seeds_again(tmp_path):
    _, plans, results = halved(tmp_path)
    for name in ("relu", "tanh"):
        mine = results[results.activation == name]
        seeds = mine.groupby("learning_rate")["seed"].nunique()
        assert sorted(seeds, reverse=True) == [16] * 2 + [8] * 2 + [4] * 3 + [2] * 6
        distance = np.abs(np.log10(seeds.index / BEST[name]))
        assert set(seeds.index[np.argsort(distance)[:FINALISTS]]) == set(seeds.index[seeds == 16])
    assert [p.config.get("round") for p in plans] == [None, "halved-1", "halved-2", "halved-3"]
    for p in plans:
        first, other = p.groups
        assert sorted(first.traced["seed"]) == sorted(other.traced["seed"])


def test_a_rate_beyond_the_range_is_tried_once(tmp_path):
    _, plans, _ = halved(tmp_path, learning_rate="logspace(1e-3,1,13)")
    wider = plans[1]
    assert wider.config["round"] == "wider"
    assert [g.static.activation for g in wider.groups] == ["tanh"]
    np.testing.assert_allclose(wider.groups[0].traced["learning_rate"], 10**0.25, rtol=1e-5)


def test_a_spent_budget_ends_the_halving_and_keeps_the_fewest_seeds(tmp_path):
    strategy, plans, results = halved(tmp_path, budget=0.0)
    assert len(plans) == 1
    assert strategy.seeds(plans, results) == FEWEST
    richer, plans, _ = halved(tmp_path)
    assert len(plans) == 1 and richer.seeds(plans, results) == FEWEST


def test_the_number_of_seeds_is_decided_once(tmp_path):
    strategy, plans, results = halved(tmp_path)
    assert strategy.seeds(plans, results) == MOST
    # Later, when there is less time, or more, all goes as it went.
    assert f"confirmed from {MOST} fresh seeds" in strategy.describe(plans[0])
    again, same, _ = halved(tmp_path, budget=0.0)
    assert again.seeds(plans, results) == MOST
    assert [g.key for p in same for g in p.groups] == [g.key for p in plans for g in p.groups]
    confirmation = rounds.confirmation(plans, results, MOST, ())
    assert not set(confirmation.groups[0].traced["seed"]) & set(results["seed"])


def test_what_was_fixed_before_the_confirmation_stays(tmp_path):
    memory = tmp_path / "seeds.json"
    strategy, plans, results = halved(tmp_path)
    strategy.terms = {"margin": 0.005}
    strategy.seeds(plans, results)
    assert Halving(1, memory, {"margin": 0.005}).describe(plans[0]).startswith("then as it went")
    with pytest.raises(ConfigError, match=r"the margin was 0.005 when .* to 0.02; race again in"):
        Halving(1, memory, {"margin": 0.02}).describe(plans[0])
    # Without the memory a confirmation that has begun would be a first look for the second time.
    memory.unlink()
    (tmp_path / "confirmation-1234").mkdir()
    with pytest.raises(StoreError, match="is missing, and the confirmation has begun: race again"):
        halved(tmp_path)


def test_split_seeds_are_repeated_with_the_seeds(tmp_path):
    _, plans, results = halved(tmp_path, split_seed="0,5")
    pairs = results.groupby(["activation", "learning_rate"])[["seed", "split_seed"]]
    assert all(len(own) == 2 * own.seed.nunique() for _, own in pairs)
    assert len(plans) == 4 and set(results.split_seed) == {0, 5}


def test_a_damaged_memory_is_said_to_be_so(tmp_path):
    for text in ("", "[]", '{"plans": 1}', '{"plans": "x", "seeds": 3}'):
        (tmp_path / "seeds.json").write_text(text)
        with pytest.raises(StoreError, match="is damaged; race again in another --workdir"):
            halved(tmp_path)
