"""The time that a training step takes with each activation, measured side by side."""

from collections.abc import Hashable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from acts_jax import training
from acts_jax.benchmarks.activations import interleaved
from acts_jax.data import Dataset
from acts_jax.models import Network
from acts_jax.sweep import engine
from acts_jax.sweep.grid import Plan


def step_seconds_of(plan: Plan, datasets: Mapping[str, Dataset]) -> dict[tuple[str, int], float]:
    """Seconds of a step of each program of a plan, which turn by turn: (activation, depth) -> s.

    Args:
        plan: Of one dataset; activation parameters have their defaults.
        datasets: By name.
    """
    statics = [group.static for group in plan.groups]
    first, dataset = statics[0], datasets[statics[0].dataset]
    examples = jax.device_put(engine.splits_of(dataset, first.preprocessing).train)
    ends = engine.resolve(first, dataset)
    models = {
        (static.activation, len(static.hidden_sizes)): engine.make_model(static, ends, {})
        for static in statics
    }
    return step_seconds(models, examples, batch_size=first.batch_size, optimizer=first.optimizer)


def step_seconds(
    models: Mapping[Hashable, Network],
    examples: training.Examples,
    *,
    batch_size: int,
    optimizer: str = "momentum",
    steps: int = 50,
    networks: int = 6,
    repeats: int = 25,
) -> dict[Hashable, float]:
    """Seconds of one training step of one network, for each model.

    Each model's program trains a few networks together, as a sweep does, on one device. The
    programs are compiled and warmed up, then take turns; each one's fastest turn counts, which
    whatever else the machine does has disturbed the least.

    Args:
        models: What to time, by any key.
        examples: The training set.
        batch_size: Examples of a batch.
        optimizer: One of `training.OPTIMIZERS`.
        steps: Of a turn.
        networks: Trained together by one vmap.
        repeats: Turns of each program.
    """
    keys = jax.random.split(training.key_for(0, "step time"), networks)
    order = np.arange(steps * batch_size, dtype=np.int32) % len(examples.labels)
    order = jnp.asarray(order.reshape(steps, batch_size))

    def turn(model: Network):
        settings = training.Hyperparameters(*map(jnp.float32, (1e-3, 0.9, 0.0)))
        update = training.make_optimizer(optimizer, settings)

        def one(params):
            state = training.init_state(params, update)
            return training.train(model, update, state, examples, order, steps).params

        params = model.init_population(examples.inputs.shape[1:], keys)
        program = jax.jit(jax.vmap(one)).lower(params).compile()
        return lambda: jax.block_until_ready(program(params))

    taken = interleaved({key: turn(model) for key, model in models.items()}, repeats)
    return {key: float(np.min(seconds)) / (steps * networks) for key, seconds in taken.items()}
