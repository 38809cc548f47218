"""Measures the largest error in ULP of activations and derivatives, beside jax.nn and PyTorch.

python -m experiments.accuracy
python -m experiments.accuracy --activation=gelu,my_pkg.my_mod:my_fn --dtype=bfloat16
python -m experiments.accuracy --activation=gelu --exhaustive     (all 2^32 inputs: minutes)
"""

import json
import time

from absl import flags

from acts_jax import cli, machine
from acts_jax.errors import ConfigError
from acts_jax.files import as_json, write_text
from acts_jax.precision import accuracy
from acts_jax.precision.counterparts import READOUTS
from acts_jax.precision.tables import accuracy_markdown, accuracy_table

DTYPE = flags.DEFINE_enum("dtype", "float32", accuracy.DTYPES, "Of the inputs and results.")
POINTS = flags.DEFINE_integer(
    "points",
    None,
    "Inputs (default: 2^18; float64: 17,500, of which 10,000 are in mpmath's range).",
    lower_bound=1,
    upper_bound=2**26,
)
EXHAUSTIVE = flags.DEFINE_bool("exhaustive", False, "Every float32 input.")


def main() -> None:
    """Measures, prints the table, writes JSON and Markdown."""
    started, console, dtype = time.perf_counter(), cli.terminal(columns=100), DTYPE.value
    chosen = cli.activations(elementwise=True, besides=READOUTS)
    if EXHAUSTIVE.value and dtype == "float64":
        raise ConfigError("--exhaustive is for float32, bfloat16 and float16")
    workdir = cli.workdir()
    referenced = [a.name for a in chosen if accuracy.has_reference(a.name)]
    tabulated = accuracy.tables_of([] if dtype == "float64" else referenced)
    errors = []
    with console.status("") as status:
        for i, activation in enumerate(chosen):
            head = f"{activation.name} ({i + 1} of {len(chosen)})"
            status.update(head)
            inputs = POINTS.value or (17_500 if dtype == "float64" else 2**18)
            if EXHAUSTIVE.value and dtype == "float32":
                inputs = (
                    (status.update(f"{head}: {k / 1024:.1%} of all inputs"), x)[1]
                    for k, x in enumerate(accuracy.every_float32())
                )
            known = activation.name in referenced and dtype != "float64"
            tables = next(tabulated)[1] if known else None
            errors += accuracy.largest_errors(activation, dtype, inputs, tables)
    console.print(accuracy_table(errors, dtype))
    for activation in chosen:
        if activation.name not in referenced:
            console.print(f"{activation.name}: compared with its own float64 evaluation")
    seconds = time.perf_counter() - started
    record = machine.environment() | {"dtype": dtype, "seconds": round(seconds, 1)}
    record["errors"] = as_json(errors)
    path = workdir / f"accuracy_{dtype}.json"
    write_text(path, json.dumps(record, indent=1, allow_nan=False))
    write_text(path.with_suffix(".md"), accuracy_markdown(errors))
    console.print(machine.describe(record), soft_wrap=True)
    console.print(f"{seconds:.1f} s; {path} and .md", soft_wrap=True)


if __name__ == "__main__":
    cli.run(main, workdir="runs/accuracy", uses=("activation",))
