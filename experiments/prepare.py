"""Prepares a dataset once, so that it is read without TensorFlow or network from then on.

python -m experiments.prepare --dataset=fashion_mnist
python -m experiments.prepare --dataset=emnist/letters --data_dir=/data/tfds
python -m experiments.prepare --dataset=kmnist --manual_dir=downloaded   (without a network)

Takes `pip install acts_jax[tfds]`, but for those that come along, such as digits. The files in
--manual_dir are those that upstream publishes, under their own names; it says which are missing.
"""

import os
import time

from absl import flags
from rich.table import Table

from acts_jax import cli, data
from acts_jax.errors import ConfigError

MANUAL_DIR = cli.define_path("manual_dir", None, "Folder of files as published upstream.")

MOST_ROWS = 12  # of classes in the table


def main() -> None:
    """Prepares, and says what there is, in how many bytes, after how many seconds."""
    name = cli.one_dataset()
    if name is None:
        raise ConfigError("give one dataset, for example --dataset=fashion_mnist")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # or TensorFlow prints a note about it
    started, console = time.perf_counter(), cli.terminal()
    prepared = data.prepare(name, data_dir=flags.FLAGS.data_dir, manual_dir=MANUAL_DIR.value)
    seconds = time.perf_counter() - started
    console.print(what(prepared.dataset), soft_wrap=True)
    console.print(examples(prepared.dataset))
    console.print(
        f"{prepared.record_bytes:,} bytes of records and {prepared.array_bytes:,} bytes of arrays "
        f"in {prepared.folder}; {seconds:.2f} s",
        soft_wrap=True,
    )


def what(dataset: data.Dataset) -> str:
    """The inputs and labels, in one line."""
    inputs = f"inputs {dataset.train.inputs.dtype} {list(dataset.input_shape)}"
    if dataset.class_names:
        labels = f"{len(dataset.class_names)} classes, chance {dataset.chance:.1%}"
    else:
        labels = f"targets with mean {dataset.target_mean:.4g}, std {dataset.target_scale:.4g}"
    left_out = f"; left out, as text: {', '.join(dataset.left_out)}" if dataset.left_out else ""
    return f"{dataset.name} {dataset.version}: {inputs}, {labels}{left_out}"


def examples(dataset: data.Dataset) -> Table:
    """Examples by split, and by class with the largest classes first."""
    table = Table("examples", "train", "validation", "test")
    splits = (dataset.train, dataset.validation, dataset.test)
    table.add_row("all", *(f"{len(split.labels):,}" for split in splits), end_section=True)
    counts = list(dataset.class_counts.values())
    order = sorted(range(len(dataset.class_names)), key=lambda c: -counts[0][c])
    shown = order if len(order) <= MOST_ROWS else [*order[:3], None, *order[-3:]]
    for c in shown:
        name = "..." if c is None else dataset.class_names[c]
        table.add_row(name, *("..." if c is None else f"{count[c]:,}" for count in counts))
    return table


if __name__ == "__main__":
    cli.run(main, uses=("dataset", "data_dir"))
