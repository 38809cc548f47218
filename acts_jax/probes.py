"""Probes: what is measured on a network, over whole sets of examples.

Sets are walked through in slices, so that memory stays bounded and in cache.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax.activations.catalogue import get
from acts_jax.models import capture, learned_parameters
from acts_jax.theory.shape import sup_derivative
from acts_jax.training import Examples, hits, losses

SLICE = 256  # examples whose activations are held at once
SATURATED = 0.01  # of sup |f'|: a unit that never exceeds it is saturated


class Measured(NamedTuple):
    """What `probe` returns, of a network with L hidden layers; float32.

    Attributes:
      loss: Scalar, mean over the examples.
      accuracy: Scalar in [0, 1]; NaN for a regression.
      gradient_norm: [L + 1], Euclidean norm of the mean loss's gradient with respect to the
        weights and biases of each layer, the readout last.
      dead_fraction: [L], share of units with f'(z) = 0 for every example.
      saturated_fraction: [L], share of units with |f'(z)| < 1% of sup |f'| for every example.
        NaN, as the dead fraction, for an activation that is not elementwise.
    """

    loss: jax.Array
    accuracy: jax.Array
    gradient_norm: jax.Array
    dead_fraction: jax.Array
    saturated_fraction: jax.Array


class Backward(NamedTuple):
    """What `backward_factors` returns, of a network with L hidden layers; float32 [L].

    On its way back the error, the gradient of the loss with respect to the pre-activations, is
    multiplied at each hidden layer by the weights above it, and then by f'. Each factor is the
    ratio of the error's Euclidean norms, over all examples and units, after and before.

    Attributes:
      weight: By the weights between this layer and the next one (the last: the readout).
      slope: By f' at this layer; never above sup |f'|.
    """

    weight: jax.Array
    slope: jax.Array


def score(model: Any, params: Any, examples: Examples) -> tuple[jax.Array, jax.Array]:
    """Mean loss and accuracy of a network on a set of examples; float32 scalars."""
    ((loss, accuracy),) = scores(model, params, examples)
    return loss, accuracy


def scores(model: Any, params: Any, *sets: Examples) -> list[tuple[jax.Array, jax.Array]]:
    """What `score` returns for each of several sets that share scale and shift.

    One loop goes through all of them: two would take twice as long to compile.
    """
    sizes = [len(examples.labels) for examples in sets]
    together = sets[0]._replace(
        inputs=jnp.concatenate([examples.inputs for examples in sets]),
        labels=jnp.concatenate([examples.labels for examples in sets]),
    )
    ends = np.cumsum(sizes)
    starts = [np.arange(end - size, end, SLICE) for end, size in zip(ends, sizes, strict=True)]
    width = min(SLICE, max(sizes))

    def body(_, bounds):
        inputs, labels, real = _slice(together, *bounds, width)
        return None, _sums(model.head, model.apply({"params": params}, inputs), labels, real)

    slices = [len(s) for s in starts]
    bounds = (np.concatenate(starts), np.repeat(ends, slices))
    _, sums = jax.lax.scan(body, None, jax.tree.map(jnp.int32, bounds))
    cuts = np.cumsum(slices)[:-1]
    losses, correct = (jnp.split(per_slice, cuts) for per_slice in sums)
    return [(a.sum() / n, b.sum() / n) for a, b, n in zip(losses, correct, sizes, strict=True)]


def probe(model: Any, params: Any, examples: Examples) -> Measured:
    """Measures a network on its training set.

    Args:
      model: An `MLP`, its activation parameters filled in.
      params: Its parameters.
      examples: The training set.
    """
    count = examples.labels.shape[0]

    def slice_loss(params, batch):
        inputs, labels, real = batch
        outputs, captured = capture(model, params, inputs)
        loss, correct = _sums(model.head, outputs, labels, real)
        steepest = [jnp.max(jnp.abs(d), axis=0) for d in captured.derivative]
        return loss, (correct, steepest)

    def body(carry, start):
        (loss, (correct, steepest)), gradient = jax.value_and_grad(slice_loss, has_aux=True)(
            params, _slice(examples, start)
        )
        sums, highest = carry
        sums = jax.tree.map(jnp.add, sums, (loss, correct, gradient))
        return (sums, jax.tree.map(jnp.maximum, highest, steepest)), None

    zeros = [jnp.zeros(units) for units in model.hidden_sizes]
    start = ((jnp.float32(0), jnp.float32(0), jax.tree.map(jnp.zeros_like, params)), zeros)
    ((loss, correct, gradient), steepest), _ = jax.lax.scan(body, start, _starts(examples))
    layers = [f"hidden_{i + 1}" for i in range(len(model.hidden_sizes))] + ["readout"]
    norms = [_norm(*gradient[name].values()) for name in layers]
    limits = _limits(model, params)
    return Measured(
        loss / count,
        correct / count,
        jnp.stack(norms) / count,
        _shares(jnp.equal, steepest, [jnp.zeros(()) for _ in steepest]),
        _shares(jnp.less, steepest, [SATURATED * limit for limit in limits]),
    )


def dead_units(model: Any, params: Any, examples: Examples) -> tuple[jax.Array, ...]:
    """Which hidden units have f'(z) = 0 for every example: one bool [units] per layer.

    None of an activation that is not elementwise; those whose f' is NaN are not dead.
    """

    def body(awake, start):
        inputs, _, _ = _slice(examples, start)
        _, captured = capture(model, params, inputs)
        return tuple(
            a | jnp.any(slope != 0, axis=0)
            for a, slope in zip(awake, captured.derivative, strict=True)
        ), None

    asleep = tuple(jnp.zeros(units, bool) for units in model.hidden_sizes)
    awake, _ = jax.lax.scan(body, asleep, _starts(examples))
    return tuple(~units for units in awake)


def backward_factors(model: Any, params: Any, examples: Examples) -> Backward:
    """How much the weights and f' each scale the error, layer by layer, on a set of examples.

    Args:
      model: An `MLP` without layer normalisation, its activation elementwise.
      params: Its parameters.
      examples: Any labelled set.

    Returns:
      The factors; NaN at layers below one where the error is exactly 0, and for an activation that
      is not elementwise.

    Raises:
      ValueError: With layer normalisation, which is a third factor.
    """
    if model.layer_norm:
        raise ValueError("with layer_norm the error has more than two factors at each layer")
    names = [f"hidden_{i + 1}" for i in range(len(model.hidden_sizes))] + ["readout"]
    kernels = [params[name]["kernel"] for name in names]

    def body(_, start):
        inputs, labels, real = _slice(examples, start)
        outputs, captured = capture(model, params, inputs)
        error = jax.grad(lambda o: _sums(model.head, o, labels, real)[0])(outputs)
        weighted, sloped = [], [error]
        for kernel, slope in zip(kernels[:0:-1], captured.derivative[::-1], strict=True):
            weighted.append(sloped[-1] @ kernel.T)
            sloped.append(weighted[-1] * slope)
        return None, (_log_norms(weighted[::-1]), _log_norms(sloped[::-1]))

    _, (weighted, sloped) = jax.lax.scan(body, None, _starts(examples))
    weighted, sloped = (jax.nn.logsumexp(2 * a, axis=0) / 2 for a in (weighted, sloped))
    return Backward(jnp.exp(weighted - sloped[1:]), jnp.exp(sloped[:-1] - weighted))


def _log_norms(errors: list[jax.Array]) -> jax.Array:
    """Logarithms of the Euclidean norms of some arrays [batch, units of each].

    One reduction over all of them: one for each would take seconds to compile.
    """
    widest = max(error.shape[1] for error in errors)
    stacked = jnp.stack([jnp.pad(e, ((0, 0), (0, widest - e.shape[1]))) for e in errors])
    return jnp.log(jax.vmap(_norm)(stacked))


def _norm(*arrays: jax.Array) -> jax.Array:
    """Euclidean norm of all entries together, without underflow of their squares."""
    largest = functools.reduce(jnp.maximum, (jnp.max(jnp.abs(a)) for a in arrays))
    scale = jnp.where(largest > 0, largest, 1)
    return scale * jnp.sqrt(sum(jnp.sum(jnp.square(a / scale)) for a in arrays))


def _sums(
    head: str, outputs: jax.Array, labels: jax.Array, real: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Loss and number of hits of a slice, over its real examples."""
    loss, correct = (jnp.sum(f(head, outputs, labels), where=real) for f in (losses, hits))
    return loss, correct


def _limits(model: Any, params: Any) -> list[jax.Array]:
    """The supremum of |f'| per hidden layer, () or [units], at the parameters it has now.

    NaN for an activation that is not elementwise.
    """
    layers = len(model.hidden_sizes)
    if not get(model.activation).elementwise:
        return [jnp.float32(jnp.nan)] * layers
    learned = learned_parameters(params)
    if not learned:
        return [sup_derivative(model.activation, **model.parameters)] * layers
    limits = []
    for layer in range(layers):
        # A parameter shared by the network is there once.
        own = {name: values[layer % len(values)] for name, values in learned.items()}
        sup = lambda own: sup_derivative(model.activation, **{**model.parameters, **own})  # noqa: E731
        per_channel = any(value.ndim for value in own.values())
        limits.append(jax.vmap(sup)(own) if per_channel else sup(own))
    return limits


def _shares(
    compare: Callable[..., jax.Array], steepest: list[jax.Array], limits: list[jax.Array]
) -> jax.Array:
    """Share of units per layer whose steepest derivative compares as told with the limit."""
    shares = []
    for values, limit in zip(steepest, limits, strict=True):
        limit = jnp.broadcast_to(limit, values.shape)
        known = ~jnp.isnan(values).any() & jnp.isfinite(limit).all()
        shares.append(jnp.where(known, jnp.mean(compare(values, limit)), jnp.nan))
    return jnp.stack(shares) if shares else jnp.zeros(0)


def _starts(examples: Examples) -> jax.Array:
    """The first index of every slice."""
    return jnp.arange(0, examples.labels.shape[0], SLICE)


def _slice(
    examples: Examples,
    start: jax.Array,
    end: jax.Array | int | None = None,
    width: int | None = None,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Features and labels of the `width` examples from `start`, and which lie before `end`.

    The others repeat the last one that does, which alters no maximum. By default the end is that of
    the set, and the width SLICE.
    """
    count = examples.labels.shape[0]
    index = start + jnp.arange(width or min(SLICE, count))
    end = count if end is None else end
    inputs, labels = examples.take(jnp.minimum(index, end - 1))
    return inputs, labels, index < end
