"""What a study needs of a sweep to compare its networks; what it cannot compare is refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from acts_jax.data import Dataset
from acts_jax.errors import ConfigError
from acts_jax.sweep.config import FIELDS
from acts_jax.sweep.grid import Plan


def only_classification(datasets: Mapping[str, Dataset]) -> Dataset:
    """The one dataset of a study about class probabilities.

    Raises:
        ConfigError: If there are several, or it is a regression.
    """
    if len(datasets) > 1:
        raise ConfigError(f"this experiment takes one dataset, not {', '.join(datasets)}")
    (dataset,) = datasets.values()
    if dataset.task == "regression":
        raise ConfigError(f"this experiment needs classes, and {dataset.name} is a regression")
    return dataset


def only_activations(plan: Plan, *names: str) -> None:
    """Refuses plans for a study that compares certain activations.

    Raises:
        ConfigError: If the plan has others, or not all of them.
    """
    if set(plan.config["activation"]) != set(names):
        raise ConfigError(f"this experiment compares the activations {' and '.join(names)}")


def only_one_shape(plan: Plan) -> None:
    """Refuses plans for a study of networks that all have the same hidden layers.

    Raises:
        ConfigError: If depth, width or hidden_sizes are an axis.
    """
    shapes = {group.static.hidden_sizes for group in plan.groups}
    if len(shapes) > 1:
        raise ConfigError(f"this experiment takes one depth and width, not {len(shapes)} shapes")


def only_fixed_parameters(plan: Plan) -> None:
    """Refuses plans for a study of networks whose activations have the same parameters throughout.

    Raises:
        ConfigError: If an activation's parameter is an axis.
    """
    for group in plan.groups:
        for name, values in group.parameters.items():
            if len(set(values)) > 1:
                label = f"{group.static.activation}.{name}"
                raise ConfigError(f"{label} takes one value here, not several")


def require(plan: Plan, **values: Sequence[Any]) -> None:
    """Refuses a plan without the values that a study compares, such as `activation=("relu",)`.

    Raises:
        ConfigError: If a field lacks one.
    """
    for field, needed in values.items():
        missing = [str(value) for value in needed if value not in plan.config[field]]
        if missing:
            raise ConfigError(f"this experiment needs {field} {' and '.join(missing)}, too")


def single(plan: Plan, *fields: str) -> None:
    """Refuses a plan with several values of a field of which a study compares none.

    Raises:
        ConfigError: If there are several.
    """
    for field in fields:
        values = plan.config[field]
        if len(values) > 1:
            raise ConfigError(
                f"this experiment takes one {field}, not {', '.join(map(str, values))}"
            )


def single_but(plan: Plan, *free: str) -> None:
    """Refuses a plan with several values of any axis but the free ones, see `single`.

    Raises:
        ConfigError: If there are several.
    """
    axes = (name for name, field in FIELDS.items() if field.axis)
    single(plan, *(name for name in axes if name not in free))
