"""Optax optimizers whose hyperparameters may be traced."""

from typing import NamedTuple

import jax
import optax

from acts_jax.models.layer import is_activation_parameter

OPTIMIZERS = ("sgd", "momentum", "adam", "adamw")


class Hyperparameters(NamedTuple):
    """The traced hyperparameters of one cell's optimizer, float32 scalars."""

    learning_rate: jax.Array
    momentum: jax.Array
    weight_decay: jax.Array


def make_optimizer(
    name: str, hyperparameters: Hyperparameters, decay_activations: bool = False
) -> optax.GradientTransformation:
    """An optax optimizer whose hyperparameters may be traced.

    Args:
        name: "sgd"; "momentum" (SGD with heavy-ball momentum); "adam" or "adamw", with `momentum`
            as b1 and optax's defaults otherwise.
        hyperparameters: Of one cell. The weight decay is decoupled in adamw, and an L2 penalty on
            the gradient elsewhere.
        decay_activations: Whether the decay acts on learned activation parameters too.
    """

    def decayed(params):
        return jax.tree_util.tree_map_with_path(
            lambda path, _: decay_activations or not is_activation_parameter(path), params
        )

    rate, momentum, decay = hyperparameters
    if name == "adamw":
        return optax.adamw(rate, b1=momentum, weight_decay=decay, mask=decayed)
    optimizer = {
        "sgd": lambda: optax.sgd(rate),
        "momentum": lambda: optax.sgd(rate, momentum=momentum),
        "adam": lambda: optax.adam(rate, b1=momentum),
    }[name]()
    return optax.chain(optax.add_decayed_weights(decay, mask=decayed), optimizer)
