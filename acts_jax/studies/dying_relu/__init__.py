"""Dying units: how many, from which learning rate, when, and whether they return.

A unit is dead when f' is 0 of it for every training example. Every unit of every network is looked
at from the first step to the last, at learning rates that reach beyond what trains.
"""

from acts_jax.studies.dying_relu.claim import study as study
