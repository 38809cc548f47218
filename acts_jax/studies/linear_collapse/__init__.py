"""A stack of linear layers is one linear layer; ReLU's is not: how many pieces it has, exactly.

Trained networks of either kind are folded into one affine map and compared with it; the pieces of
the ReLU networks are counted on segments between examples, by depth and by number of units.
"""

from acts_jax.studies.linear_collapse.claim import study as study
