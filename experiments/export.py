"""Exports the results of a sweep as CSV, or as runs for TensorBoard.

python -m experiments.export --workdir=runs/sweep                  (results.csv and curves.csv)
python -m experiments.export --workdir=runs/sweep --stage=confirmed --out=runs/confirmed
python -m experiments.export --workdir=runs/sweep --to=tensorboard (each group's best cell)
python -m experiments.export --workdir=runs/sweep --to=tensorboard --cells=all
tensorboard --logdir=runs/sweep/tensorboard
"""

from pathlib import Path

from absl import flags

from acts_jax import cli, load_curves, load_results
from acts_jax.report import export

TO = flags.DEFINE_enum("to", "csv", ["csv", "tensorboard"], "What to write.")
OUT = cli.define_path(
    "out", None, "Folder to write to (default: the workdir, or its folder tensorboard)."
)
CELLS = flags.DEFINE_enum(
    "cells",
    None,
    ["best", "all"],
    "Every cell, or each group's best by validation (default: all in CSV, best in TensorBoard).",
)
STAGE = flags.DEFINE_enum(
    "stage",
    "tuned",
    ["tuned", "confirmed"],
    "The networks that chose the settings, or those that confirmed them.",
)


def main() -> None:
    """Reads the store, writes the files, says where they are."""
    workdir = Path(flags.FLAGS.workdir)
    results, curves = (load(workdir, stage=STAGE.value) for load in (load_results, load_curves))
    if (CELLS.value or {"csv": "all", "tensorboard": "best"}[TO.value]) == "best":
        results = export.best_cells(results)
        curves = curves[curves["cell"].isin(results["cell"])]
    if TO.value == "tensorboard":
        folder = Path(OUT.value or workdir / "tensorboard")
        runs = export.to_tensorboard(results, curves, folder)
        print(f"{len(runs)} runs; look at them with: tensorboard --logdir={folder}")
        return
    for name, frame in (("results", results), ("curves", curves)):
        path = export.to_csv(frame, Path(OUT.value or workdir) / f"{name}.csv")
        print(f"{path}: {len(frame):,} rows, {len(frame.columns)} columns")


if __name__ == "__main__":
    cli.run(main, workdir="runs/sweep")
