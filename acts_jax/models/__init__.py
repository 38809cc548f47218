"""Networks with a catalogue activation, and the Flax layer that they are made with."""

from acts_jax.models.cnn import CNN as CNN
from acts_jax.models.heads import HEADS as HEADS
from acts_jax.models.heads import probabilities as probabilities
from acts_jax.models.layer import LEARN as LEARN
from acts_jax.models.layer import SHARE as SHARE
from acts_jax.models.layer import ActivationLayer as ActivationLayer
from acts_jax.models.layer import ActivationParameter as ActivationParameter
from acts_jax.models.layer import FixedActivationParameter as FixedActivationParameter
from acts_jax.models.layer import NNXActivationLayer as NNXActivationLayer
from acts_jax.models.layer import is_activation_parameter as is_activation_parameter
from acts_jax.models.layer import resolve_learned as resolve_learned
from acts_jax.models.mlp import MLP as MLP
from acts_jax.models.population import num_parameters as num_parameters
from acts_jax.models.protocol import Network as Network
from acts_jax.models.protocol import Site as Site
from acts_jax.models.vit import ViT as ViT
