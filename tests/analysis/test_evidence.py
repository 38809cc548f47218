"""Evidence: what can be said grows with what there is."""

import numpy as np

from acts_jax.analysis.evidence import weigh
from tests.made_up import make_confirmed, make_results

CHANCE = {"digits": 0.1}


def test_what_can_be_said_grows_with_what_there_is():
    results = make_results(("relu", "tanh", "elu"), (2, 4))
    again = make_confirmed(results)
    tuned = weigh(results, chance=CHANCE)
    assert set(tuned.reported["stage"]) == {"tuned"} and tuned.comparisons is tuned.ranks is None
    alone = weigh(results, again[again["activation"] == "relu"], chance=CHANCE)
    assert set(alone.reported["stage"]) == {"confirmed", "tuned"} and alone.comparisons is None
    shallow = weigh(results, again[again["depth"] == 2], chance=CHANCE)
    assert len(shallow.comparisons) == 3 and shallow.ranks is None
    every = weigh(results, again, chance=CHANCE, margin=0.01)
    assert len(every.comparisons) == 6 and set(every.comparisons["margin"]) == {0.01}
    assert set(every.ranks["activation"]) == {"relu", "tanh", "elu"}
    rivals = weigh(results, again, chance=CHANCE, against="elu")
    assert set(rivals.comparisons["activation"]) == {"elu"} and len(rivals.comparisons) == 4
    # At one of the depths tanh is missing: it is not ranked over both.
    lost = again[(again["activation"] != "tanh") | (again["depth"] == 2)]
    ranks = weigh(results, lost, chance=CHANCE).ranks.set_index("activation")
    assert ranks.loc["tanh", "missing"] == "at depth 4 of digits" and np.isnan(
        ranks.loc["tanh", "mean_rank"]
    )
