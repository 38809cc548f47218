"""What a study needs of a sweep to compare its networks; what it cannot compare is refused."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.sweep.config import FIELDS
from acts_jax.sweep.grid import Plan
from acts_jax.words import join


def check(
    plan: Plan,
    datasets: Mapping[str, Dataset],
    *,
    classes: bool = True,
    activations: Sequence[str] = (),
    needs: Mapping[str, Sequence[Any]] = MappingProxyType({}),
    one_shape: bool = False,
    fixed_parameters: bool = False,
    single: Sequence[str] = (),
    free: Sequence[str] | None = None,
    models: Sequence[str] = ("mlp",),
) -> None:
    """Refuse a sweep of several datasets, and what else a study cannot compare.

    Args:
        plan: Of the sweep.
        datasets: By name.
        classes: Whether the dataset must have classes.
        activations: The sweep must have all of these and no others; any by default.
        needs: By field, values that it must have, maybe among others.
        one_shape: Whether all networks must have the same hidden layers.
        fixed_parameters: Whether the parameters of activations may have one value each.
        single: Fields that may have one value.
        free: The only axes that may have several; any by default.
        models: The kinds of network that it has something to say of.

    Raises:
        ConfigError: If the sweep is another one.
    """
    dataset, *more = datasets.values()
    if more:
        raise ConfigError(f"this experiment takes one dataset, not {', '.join(datasets)}")
    if classes and dataset.task == "regression":
        raise ConfigError(f"this experiment needs classes, and {dataset.name} is a regression")
    for model in plan.config["model"]:
        if model not in models:
            raise ConfigError(f"this experiment is about {join(models)}, and model is {model!r}")
    if activations and set(plan.config["activation"]) != set(activations):
        raise ConfigError(f"this experiment compares the activations {' and '.join(activations)}")
    for field, values in needs.items():
        missing = [str(value) for value in values if value not in plan.config[field]]
        if missing:
            raise ConfigError(f"this experiment needs {field} {' and '.join(missing)}, too")
    shapes = {group.static.hidden_sizes for group in plan.groups}
    if one_shape and len(shapes) > 1:
        raise ConfigError(f"this experiment takes one depth and width, not {len(shapes)} shapes")
    for group in plan.groups if fixed_parameters else ():
        for name, values in group.parameters.items():
            if len(set(values)) > 1:
                label = f"{group.static.activation}.{name}"
                raise ConfigError(f"{label} takes one value here, not several")
    if free is not None:
        single = [name for name, field in FIELDS.items() if field.axis and name not in free]
    for field in single:
        values = map(str, plan.config[field])
        if len(plan.config[field]) > 1:
            raise ConfigError(f"this experiment takes one {field}, not {', '.join(values)}")
