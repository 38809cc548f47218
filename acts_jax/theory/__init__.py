"""What can be said about an activation before any training."""

from acts_jax.theory.description import Shape, describe
from acts_jax.theory.mean_field import gain
from acts_jax.theory.shape import on_real_line, sup_derivative

__all__ = ["Shape", "describe", "gain", "on_real_line", "sup_derivative"]
