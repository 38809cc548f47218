"""Activations applied again and again: relu stays itself, sigmoids squash, tanh holds on at 0.

Values and slopes of the iterates are computed in float64 on a grid, and held to the known fixed
points and to what texts say of the limits. Nothing is trained.
"""

from acts_jax.studies.iterate.claim import study as study
