"""Settings of one activation or one model alone: parameters and fields, given by its name.

`leaky_relu.negative_slope` is a parameter of an activation, `cnn.pool` a field of a model.

Nothing here imports jax.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from acts_jax.errors import ConfigError
from acts_jax.suggestion import suggest
from acts_jax.sweep.config import FIELDS, parameter_prefix, values_of
from acts_jax.sweep.kinds import Kind
from acts_jax.sweep.values import distinct, items_of, number_of
from acts_jax.words import shown


def owners(activations: Mapping[str, Any], models: Iterable[Kind]) -> dict[str, str]:
    """By what qualifies parameters and fields, the activation or model that they belong to.

    Of activations of one qualifier it is that which has parameters.
    """
    found: dict[str, str] = {}
    for name, activation in activations.items():
        prefix = parameter_prefix(name)
        if prefix in FIELDS:
            raise ConfigError(f"activation {name!r} has the name of a config field; rename it")
        other = found.setdefault(prefix, name)
        if other != name and activation.parameters:
            if activations[other].parameters:
                raise ConfigError(
                    f"activations {other!r} and {name!r} both have parameters named "
                    f"{prefix}.NAME; rename one of them"
                )
            found[prefix] = name
    for model in models:
        if model.prefix in FIELDS and model.fields:
            raise ConfigError(f"model {model.name!r} has the name of a config field; rename it")
        if model.prefix in found:
            raise ConfigError(
                f"{found[model.prefix]!r} and model {model.name!r} are both qualified by "
                f"{model.prefix}; rename one of them"
            )
        found[model.prefix] = model.name
    return found


def of_activations(
    given: Mapping[str, Any], activations: Mapping[str, Any], owners: Mapping[str, str], most: int
) -> dict[str, dict[str, list[float]]]:
    """Per activation, the values of each of its parameters: those given, or the default."""
    for name in given:
        if name not in FIELDS and name not in owners:
            known = (*FIELDS, *owners)
            raise ConfigError(f"unknown config field {shown(name)}{suggest(name, known, 1)}")
    settings = {}
    for name, activation in activations.items():
        prefix = parameter_prefix(name)
        chosen = (given.get(prefix) if owners[prefix] == name else None) or {}
        if not isinstance(chosen, Mapping):
            raise ConfigError(f"{prefix} takes its parameters by name, as {prefix}.NAME=VALUE")
        settings[name] = {p: [value] for p, value in activation.defaults.items()}
        try:
            activation.check(dict.fromkeys(chosen))  # are there such parameters?
            for parameter, value in chosen.items():
                label = f"{prefix}.{parameter}"
                items = items_of(label, value, most)
                numbers = distinct(label, [number_of(label, item) for item in items])
                if not numbers:
                    raise ConfigError(f"{label} has no values")
                for number in numbers:
                    activation.check({parameter: number})
                settings[name][parameter] = numbers
        except ValueError as error:
            raise ConfigError(str(error)) from None
    return settings


def of_model(
    given: Mapping[str, Any], model: Kind, axes: Mapping[str, list], most: int
) -> dict[str, list]:
    """The values of each of a model's own fields: those given, or the default."""
    model.check(axes)
    chosen = given.get(model.prefix) or {}
    if not isinstance(chosen, Mapping):
        raise ConfigError(f"{model.prefix} takes its fields by name, as {model.prefix}.NAME=VALUE")
    for name in chosen:
        if name not in model.fields:
            near = suggest(name, model.fields, 1)
            raise ConfigError(f"model {model.name!r} has no field {shown(name)}{near}")
    return {
        name: values_of(f"{model.prefix}.{name}", field, chosen.get(name, field.default), most)
        for name, field in model.fields.items()
    }
