"""ReLU trains faster than the sigmoid: steps and seconds to a fixed training loss, by depth.

Every activation is trained at several learning rates. Each of its networks counts at the rate that
is fastest for the other seeds, and a step of each program is timed.
"""

from acts_jax.studies.speed_of_training.claim import study as study
