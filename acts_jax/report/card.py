"""One activation on one card: what is known of it, and its facts in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from acts_jax.activations.catalogue import Activation, get
from acts_jax.report import facts, formula
from acts_jax.theory.description import Shape, describe


@dataclass(frozen=True)
class Card:
    """What a card shows.

    Attributes:
        activation: the record.
        parameters: those given; the others have their defaults.
        shape: what `describe` found; None for a whole-vector function.
        errors: `acts_jax.precision.accuracy.Error`s, if they were measured.
    """

    activation: Activation
    parameters: Mapping[str, Any] = field(default_factory=dict)
    shape: Shape | None = None
    errors: tuple = ()


def make(
    activation: str | Activation,
    parameters: Mapping[str, Any] = MappingProxyType({}),
    *,
    steep: float = 0.25,
    inputs: int = 0,
) -> Card:
    """Everything about one activation.

    Args:
        activation: a name of the catalogue, "package.module:function", or an `Activation`.
        parameters: name -> plain number; the defaults stand in for the ones left out.
        steep: the slope above which a region of f' is marked.
        inputs: how many float32 inputs to measure the errors of f and f' at, with the default
            parameters (`accuracy.largest_errors`); 0 for none.

    Raises:
        ValueError: unknown activation or parameter.
    """
    activation = get(activation)
    activation.check(parameters)
    if not activation.elementwise:
        return Card(activation, dict(parameters))
    shape = describe(activation, steep, **parameters)
    errors: tuple = ()
    if inputs:
        from acts_jax.precision.accuracy import largest_errors

        errors = tuple(largest_errors(activation, inputs=inputs))
    return Card(activation, dict(parameters), shape, errors)


def text(card: Card) -> dict[str, str]:
    """The facts of a card by name, as plain text."""
    activation = card.activation
    lines = {
        "formula": formula.as_text(activation.formula),
        "parameters": facts.parameters(activation, dict(card.parameters)),
    }
    if card.shape is None:
        lines["acts on"] = "whole vectors (the last axis): no slope or fixed point of one number"
        lines["range"] = facts.vector_range(activation, card.parameters)
    else:
        lines |= facts.lines(card.shape)
    if card.errors:
        lines["accuracy"] = facts.accuracy(card.errors)
    lines |= {
        "family": activation.family.replace("_", " "),
        "paper": activation.reference,
        "aliases": ", ".join(activation.aliases),
    }
    return {name: line for name, line in lines.items() if line}


def terminal(card: Card) -> Group:
    """The facts as a table for `rich.console.Console.print`."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, line in text(card).items():
        table.add_row(Text(name), Text(line))
    return Group(Text(card.activation.name, style="bold"), table)
