"""Dying units: how many, from which learning rate, when, and whether they return.

A unit is dead when f' is 0 at every training example. Every unit of every network is examined at
every evaluation, at learning rates that reach beyond what trains; a unit that dies and returns
between two evaluations is missed.
"""

from acts_jax.studies.dying_relu.claim import study as study
