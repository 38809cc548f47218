"""At a kink, either value of the derivative will do: relu at 0, and the two sides of elu.

Values and one-sided derivatives are held to the formulas. Networks whose relu has the derivative 0
or 1 at 0 are trained from the same weights on the same batches, and compared in pairs; beside them
pairs whose learning rates differ by one unit in the last place.
"""

from acts_jax.studies.kinks.claim import study as study
