"""Times f, f' and both in one program, per element, beside jax.nn and PyTorch in the same run.

python -m experiments.benchmark_activations
python -m experiments.benchmark_activations --activation=gelu,my_pkg.my_mod:my_fn --size=1048576
"""

import json
import time

from absl import flags

from acts_jax import cli, machine
from acts_jax.benchmarks import activations
from acts_jax.errors import ConfigError
from acts_jax.files import as_json, write_text

SIZE = flags.DEFINE_integer("size", 2**22, "Elements of the array.")
REPEATS = flags.DEFINE_integer("repeats", 9, "Timed rounds.")


def main() -> None:
    """Times, prints the table, writes JSON."""
    started, console = time.perf_counter(), cli.terminal(columns=100)
    size, repeats = SIZE.value, REPEATS.value
    environment, timings = machine.environment(), []
    if min(size, repeats) < 1:
        raise ConfigError("--size and --repeats must be 1 or more")
    chosen = cli.activations(elementwise=True)
    workdir = cli.workdir()
    with console.status("") as status:
        for i, activation in enumerate(chosen):
            status.update(f"{activation.name} ({i + 1} of {len(chosen)})")
            timings += activations.benchmark(activation, size, repeats)
    console.print(activations.table(timings))
    path = workdir / "benchmark.json"
    seconds = round(time.perf_counter() - started, 1)
    record = environment | {"size": size, "repeats": repeats, "seconds": seconds}
    record["timings"] = as_json(timings)
    write_text(path, json.dumps(record, indent=1, allow_nan=False))
    console.print(machine.describe(environment), soft_wrap=True)
    console.print(f"{size:,} elements, {seconds} s; {path}", soft_wrap=True)


if __name__ == "__main__":
    cli.run(main, workdir="runs/benchmark", uses=("activation",))
