"""Joins the results of shards, trained apart by experiments.sweep --shard=i/n, in one workdir.

python -m experiments.sweep --shard=0/2 --workdir=runs/shard0     (on one machine)
python -m experiments.sweep --shard=1/2 --workdir=runs/shard1     (on another)
python -m experiments.merge --from=runs/shard0,runs/shard1 --workdir=runs/all
python -m experiments.sweep --workdir=runs/all                    (trains what is missing; report)
"""

import glob
import os
import sys

from absl import flags

from acts_jax import cli
from acts_jax.activations import catalogue
from acts_jax.errors import ConfigError
from acts_jax.sweep import grid, launch, merge, store
from acts_jax.words import shown

FROM = flags.DEFINE_list("from", [], "Workdirs to join, or a pattern such as 'runs/shard*'.")
LISTED = 10  # of the groups that are missing


def main() -> None:
    """Checks the shards, copies what is new, says what is missing."""
    try:
        names = list(map(cli.as_path, FROM.value))
    except ValueError as error:
        raise ConfigError(f"--from: {error}") from None
    shards = [path for name in names for path in sorted(glob.glob(name)) or [name]]
    if files := [path for path in shards if os.path.exists(path) and not os.path.isdir(path)]:
        raise ConfigError(f"--from takes the folders of sweeps, not {shown(files[0])}")
    if not shards:
        raise ConfigError("give the shards to join: --from=runs/shard0,runs/shard1")
    config = store.load_config(shards[0])
    # No dataset is needed here, and what was trained is not too much.
    plan = grid.plan(config, catalogue.get, lambda name: None, sys.maxsize, sys.maxsize)
    with store.open_workdir(flags.FLAGS.workdir, plan) as workdir:
        merged = merge.merge(workdir, plan, shards)
    left = sum(part.size for part in merged.missing)
    print(
        f"{workdir}: {plan.cells - left:,} of {plan.cells:,} cells; {merged.copied:,} copied from "
        f"{', '.join(shards)}; {merged.present:,} were there"
    )
    for part in merged.missing[:LISTED]:
        print(f"missing: {launch.describe_part(part)}")
    if len(merged.missing) > LISTED:
        print(f"missing: {len(merged.missing) - LISTED:,} more groups")
    what = (
        f"trains the {left:,} missing cells and writes the report" if left else "writes the report"
    )
    print(f"experiments.sweep with the same config and --workdir={workdir} {what}")


if __name__ == "__main__":
    cli.run(main, workdir="runs/all")
