"""Probes: what is measured on a network, over whole sets of examples.

Sets are walked through in slices, so that memory stays bounded, and in cache.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax.activations.catalogue import get
from acts_jax.models.mlp import MLP
from acts_jax.models.protocol import Network
from acts_jax.theory.shape import sup_derivative
from acts_jax.training import Examples, hits, losses
from acts_jax.training.slices import Slice, Slices, join

SATURATED = 0.01  # of sup |f'|: a unit that never exceeds it is saturated


class Score(NamedTuple):
    """How well a network does on a set of examples, or on several; float32, scalars or [sets].

    Attributes:
        loss: Mean over the examples.
        accuracy: In [0, 1]; NaN for a regression.
        balanced_accuracy: Mean of the accuracies within each class; NaN for a regression, and for
            examples without weights.
    """

    loss: jax.Array
    accuracy: jax.Array
    balanced_accuracy: jax.Array


class Measured(NamedTuple):
    """What `probe` and `measure` return, of a network with L hidden layers; float32.

    Attributes:
        loss: As in `Score`: a scalar, or [sets] from `measure`.
        accuracy: The same.
        balanced_accuracy: The same.
        gradient_norm: [L + 1], Euclidean norm of the mean loss's gradient with respect to the
            weights and biases of each layer, the readout last.
        dead_fraction: [L], share of units with f'(z) = 0 for every example.
        saturated_fraction: [L], share of units with |f'(z)| < 1% of sup |f'| for every example.
            NaN, as the dead fraction, for an activation that is not elementwise.
        dead_unit: [L, units of the widest], 1 for a unit with f'(z) = 0 for every example, else 0.
            NaN for an activation that is not elementwise, and beyond the units of a layer.
        examples: Of each example of the last set: whether it is a hit, bool [n], or, of a
            regression, its squared error, float32 [n].
    """

    loss: jax.Array
    accuracy: jax.Array
    balanced_accuracy: jax.Array
    gradient_norm: jax.Array
    dead_fraction: jax.Array
    saturated_fraction: jax.Array
    dead_unit: jax.Array
    examples: jax.Array


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


def probe(model: Network, params: Any, examples: Examples) -> Measured:
    """Measures a network on its training set.

    Args:
        model: A network, its activation parameters filled in.
        params: Its parameters.
        examples: The training set.
    """
    measured = measure(model, params, join(examples))
    return measured._replace(**{name: getattr(measured, name)[0] for name in Score._fields})


def measure(
    model: Network,
    params: Any,
    slices: Slices,
    limit: jax.Array | None = None,
) -> Measured:
    """What `probe` returns for the first of several sets, and the scores of all, in one loop.

    The time to compile grows with the number of kernels. So all sets are scanned in one loop, and
    what is summed up by layer is summed up for all layers at once.

    Args:
        model: A network.
        params: Its parameters.
        slices: The training set, and any others.
        limit: Scalar, the supremum of |f'|, of an activation without learned parameters; computed
            by default.
    """

    def body(carry, batch):
        inputs = slices.rows.features(batch.inputs)

        def loss(params):
            outputs, sites = model.look(params, inputs)
            loss, *correct = _sums(model.head, outputs, batch)
            # Those of all positions of a channel together: [n, units].
            slopes = [site.slope.reshape(-1, site.slope.shape[-1]) for site in sites]
            return loss, (correct, slopes)

        def learn(carry):
            gradient, steepest = carry
            (total, (correct, slopes)), more = jax.value_and_grad(loss, has_aux=True)(params)
            gradient = jax.tree.map(jnp.add, gradient, more)
            highest = _stacked([jnp.max(jnp.abs(slope), axis=0) for slope in slopes])
            return (gradient, jnp.maximum(steepest, highest)), (total, *correct)

        def judge(carry):
            outputs = model.apply({"params": params}, inputs)
            return carry, _sums(model.head, outputs, batch)

        return jax.lax.cond(batch.owner == 0, learn, judge, carry)

    real = _real_units(model, params, slices)
    start = jax.tree.map(jnp.zeros_like, params), jnp.zeros(real.shape)
    (gradient, steepest), (loss, correct, each) = slices.scan(body, start)
    layers = model.layers(gradient).values()
    norms = jax.vmap(_norm)(_stacked([_flat(*jax.tree.leaves(layer)) for layer in layers]))
    limit = _limits(model, params) if limit is None else limit.reshape(1, 1)
    dead_share, saturated_share = _shares(steepest, limit, real)
    dead = jnp.where(real & ~jnp.isnan(steepest), steepest == 0, jnp.nan)
    return Measured(
        **Score(*_means(slices, loss, correct))._asdict(),
        gradient_norm=norms / slices.sizes[0],
        dead_fraction=dead_share,
        saturated_fraction=saturated_share,
        dead_unit=dead,
        examples=_of_last(slices, each),
    )


def backward_factors(model: MLP, params: Any, examples: Examples) -> Backward:
    """How much the weights and f' each scale the error, layer by layer, on a set of examples.

    Args:
        model: An `MLP` without layer normalisation and skip connections, with an elementwise
            activation.
        params: Its parameters.
        examples: Any labelled set.

    Returns:
        The factors; NaN at layers below one where the error is exactly 0, and for an activation
        that is not elementwise.

    Raises:
        ValueError: With layer normalisation, which is a third factor, or skip connections.
    """
    if model.layer_norm:
        raise ValueError("with layer_norm the error has more than two factors at each layer")
    if model.residual:
        raise ValueError("with skip connections the error goes back on more than one way")
    kernels = [layer["kernel"] for layer in model.layers(params).values()]

    slices = join(examples)

    def body(_, batch):
        outputs, sites = model.look(params, slices.rows.features(batch.inputs))
        error = jax.grad(lambda o: _sums(model.head, o, batch)[0])(outputs)
        weighted, sloped = [], [error]
        for kernel, site in zip(kernels[:0:-1], sites[::-1], strict=True):
            weighted.append(sloped[-1] @ kernel.T)
            sloped.append(weighted[-1] * site.slope)
        return None, (_log_norms(weighted[::-1]), _log_norms(sloped[::-1]))

    _, (weighted, sloped) = slices.scan(body, None)
    weighted, sloped = (jax.nn.logsumexp(2 * a, axis=0) / 2 for a in (weighted, sloped))
    return Backward(jnp.exp(weighted - sloped[1:]), jnp.exp(sloped[:-1] - weighted))


def _real_units(model: Network, params: Any, slices: Slices) -> np.ndarray:
    """Where a site has a unit: bool [sites, units of the widest]."""
    example = jax.eval_shape(slices.rows.features, slices.rows.inputs[:1])
    _, sites = jax.eval_shape(model.look, params, example)
    sizes = np.array([site.slope.shape[-1] for site in sites], int)
    return np.arange(max(sizes, default=0)) < sizes[:, None]


def _log_norms(errors: list[jax.Array]) -> jax.Array:
    """Logarithms of the Euclidean norms of some arrays.

    One reduction over all of them: one for each would take seconds to compile.
    """
    return jnp.log(jax.vmap(_norm)(_stacked([error.ravel() for error in errors])))


def _norm(array: jax.Array) -> jax.Array:
    """Euclidean norm of all entries, without underflow of their squares."""
    largest = jnp.max(jnp.abs(array))
    scale = jnp.where(largest > 0, largest, 1)
    return scale * jnp.sqrt(jnp.sum(jnp.square(array / scale)))


def _sums(head: str, outputs: jax.Array, batch: Slice) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Loss, and hits [2] counted plainly and by weight, of a slice, over its real examples.

    And of each of them, and of the copies, what `Measured.examples` says.
    """
    hit = hits(head, outputs, batch.labels)
    both = jnp.stack([hit, hit * (jnp.nan if batch.weights is None else batch.weights)])
    each = losses(head, outputs, batch.labels)
    loss = jnp.sum(each, where=batch.real)
    correct = jnp.sum(both, axis=1, where=batch.real[None])
    # The loss of a regression is half the squared error.
    return loss, correct, 2 * each if head == "linear" else hit > 0


def _limits(model: Network, params: Any) -> jax.Array:
    """The supremum of |f'| per hidden layer and unit, at the parameters it has now.

    [layers, units of the widest], or with 1 for either axis where all have the same. NaN for an
    activation that is not elementwise.
    """
    if not get(model.activation).elementwise:
        return jnp.full((1, 1), jnp.nan)

    def sup(own):
        return sup_derivative(model.activation, **{**model.parameters, **own})

    learned = model.learned(params)
    if not learned:
        return sup({}).reshape(1, 1)
    own = {name: _stacked([v.reshape(-1) for v in values]) for name, values in learned.items()}
    return jax.vmap(jax.vmap(sup))(own)


def _shares(steepest: jax.Array, limit: jax.Array, real: np.ndarray) -> jax.Array:
    """Shares of dead and of saturated units per layer, [2, layers]; NaN where they are not known.

    Args:
        steepest: float32 [layers, units of the widest], the largest |f'| of each unit.
        limit: float32, the supremum of |f'|, of a shape that broadcasts against it.
        real: bool [layers, units of the widest], where there is such a unit.
    """
    saturated = jnp.where(jnp.isfinite(limit), steepest < SATURATED * limit, jnp.nan)
    both = jnp.stack([steepest == 0, saturated])
    both = jnp.where(jnp.isnan(steepest)[None], jnp.nan, both)
    return jnp.sum(both, axis=2, where=real[None]) / real.sum(axis=1)[None]


def _stacked(rows: list[jax.Array]) -> jax.Array:
    """Some vectors as the rows of an array, filled up with zeros."""
    widest = max((row.size for row in rows), default=0)
    padded = [jnp.pad(row, (0, widest - row.size)) for row in rows]
    return jnp.stack(padded) if rows else jnp.zeros((0, 0))


def _flat(*arrays: jax.Array) -> jax.Array:
    return jnp.concatenate([a.ravel() for a in arrays])


def _of_last(slices: Slices, each: jax.Array) -> jax.Array:
    """What there is of each example of the last set, [n], from that of all slices."""
    return each[-slices.counts[-1] :].reshape(-1)[: slices.sizes[-1]]


def _means(slices: Slices, loss: jax.Array, correct: jax.Array) -> jax.Array:
    """The fields of `Score` on each set, [fields, sets], from the `_sums` of every slice."""
    own = slices.owner[:, None] == np.arange(len(slices.sizes))[None]
    sums = jnp.concatenate([loss[:, None], correct], axis=1)
    totals = jnp.sum(jnp.where(own[:, None], sums[:, :, None], 0), axis=0)
    return totals / np.array(slices.sizes, np.float32)[None]
