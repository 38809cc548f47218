"""A network of one's own: any Flax module, Linen or NNX, that takes its activation."""

from acts_jax.models.own.acceptance import accept_module as accept_module
from acts_jax.models.own.flax_module import fields as fields
from acts_jax.models.own.network import OwnNetwork as OwnNetwork
