"""Times the sweep engine beside a jitted step in a loop and PyTorch, and beside a large matmul.

python -m experiments.benchmark_sweep
python -m experiments.benchmark_sweep --net=64-64-64-64-10:64,20-32-10:16 --population=128
python -m experiments.benchmark_sweep --model=cnn --net=28x28x1-16-32-10:64 --population=16
python -m experiments.benchmark_sweep --dataset=fashion_mnist --net=784-128-128-128-10:128
"""

import json
import os
import time

from absl import flags

from acts_jax import cli, machine
from acts_jax.benchmarks import sweeps
from acts_jax.errors import ConfigError
from acts_jax.files import as_json, write_text

NET = flags.DEFINE_list(
    "net",
    None,
    "Networks: the units of every layer, and after a colon the batch size, such as "
    "784-128-128-128-10:128; of cnn and vit the image, channels or widths of the blocks, outputs, "
    "such as 28x28x1-16-32-10:64.",
)
POPULATION = flags.DEFINE_integer("population", 64, "Networks trained, one per seed.", 1, 10**5)
STEPS = flags.DEFINE_integer("steps", 20, "Steps of each network per repetition.", 1, 10**5)
ROUNDS = flags.DEFINE_integer("rounds", 7, "Timed repetitions.", 1, 10**5)
FUNCTION = flags.DEFINE_string("function", "relu", "Activation that all rivals have.")
MATMUL = flags.DEFINE_integer("matmul", 2048, "Size of the matrices for the ceiling.", 1, 2**15)


def main() -> int:
    """Times, prints the tables, writes JSON; exit status 1 if the rivals' losses differ."""
    started, console = time.perf_counter(), cli.terminal(columns=100)
    model, count = flags.FLAGS.model, (POPULATION.value, STEPS.value)
    source = cli.one_dataset(), flags.FLAGS.data_dir
    try:
        tasks = sweeps.tasks_of(NET.value, *count, FUNCTION.value, *source, model)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    workdir = cli.workdir()
    compared = []
    with sweeps.empty_cache(), console.status("") as status:
        environment = machine.environment()
        for task in tasks:
            compared.append(sweeps.compare(task, ROUNDS.value, MATMUL.value, status.update))
            console.print(sweeps.table(compared[-1]), "")
    seconds, load = round(time.perf_counter() - started, 1), [round(x, 2) for x in os.getloadavg()]
    record = environment | {"load_after": load, "seconds": seconds, "rounds": ROUNDS.value}
    record["comparisons"] = as_json(compared)
    path = workdir / "benchmark_sweep.json"
    write_text(path, json.dumps(record, indent=1, allow_nan=False))
    console.print(machine.describe(environment), soft_wrap=True)
    during = f"load {load[0]} after {seconds} s, its own work included"
    console.print(f"{during}; {path}", soft_wrap=True)
    agree = all(comparison.agree for comparison in compared)
    if not agree:
        console.print(f"losses marked ! differ by more than {sweeps.LOSS_TOLERANCE:.0%}")
    return 0 if agree else 1


if __name__ == "__main__":
    cli.run(main, workdir="runs/benchmark_sweep", uses=("dataset", "data_dir", "model"))
