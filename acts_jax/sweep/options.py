"""What is trained, and how and where: everything that a command line can say of a sweep.

Nothing here imports jax.
"""

import dataclasses
import re
from pathlib import Path

from ml_collections import config_dict

from acts_jax.errors import ConfigError
from acts_jax.sweep.config import with_fields
from acts_jax.sweep.grid import Plan
from acts_jax.sweep.limits import MOST_LAYERS
from acts_jax.sweep.values import MOST_CELLS
from acts_jax.words import shown


@dataclasses.dataclass(frozen=True)
class Options:
    """A config, and how and where its networks are trained.

    Attributes:
        config: The fields of the sweep, see `make_config`.
        workdir: Folder of the results; a run goes on from those it finds there.
        data_dir: Folder of prepared datasets; None for $TFDS_DATA_DIR.
        dry_run: Whether to say what would be trained, and stop.
        pack: Cells trained by one vmap; None for what suits the machine.
        compilation_cache: Folder in which compiled programs are kept; None for none.
        on_error: "continue" or "stop": what to do when networks cannot be trained.
        checkpoint_after: Groups that take more seconds than this are checkpointed at every chunk.
        retrain_changed: Whether to train anew what was trained with a function or on a dataset that
            has changed since.
        launcher: "local" to train in this process, "ray" on a Ray cluster.
        ray_address: Of a running Ray cluster; None starts Ray on this machine for the run.
        shard: "i/n" for the i-th of n shares of the groups, counted from 0; None for all.
        most_cells: A sweep of more is refused, see `grid.plan`.
        most_layers: A sweep of more layers to compile is refused.
    """

    config: config_dict.ConfigDict
    workdir: Path
    data_dir: Path | None = None
    dry_run: bool = False
    pack: int | None = None
    compilation_cache: Path | None = None
    on_error: str = "continue"
    checkpoint_after: float = 30.0
    retrain_changed: bool = False
    launcher: str = "local"
    ray_address: str | None = None
    shard: str | None = None
    most_cells: int = MOST_CELLS
    most_layers: int = MOST_LAYERS

    def with_fields(self, **fields: str) -> "Options":
        """The same options with some fields of the config changed, as a study sets them itself."""
        return dataclasses.replace(self, config=with_fields(self.config, fields.items()))

    def in_folder(self, name: str) -> "Options":
        """The same options with a folder in the workdir as workdir, for one of several sweeps."""
        return dataclasses.replace(self, workdir=self.workdir / name)


def share_of(plan: Plan, shard: str | None) -> Plan:
    """The share of a plan that `Options.shard` asks for: all of it for None.

    Raises:
        ConfigError: If it is not written as i/n, or there is nothing in it.
    """
    if shard is None:
        return plan
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", shard)
    number, of = map(int, match.groups()) if match else (0, 0)
    if number >= of:
        raise ConfigError(f"--shard takes i/n with i from 0 to n-1, not {shown(shard)}")
    share = plan.shard(number, of)
    if not share.groups:
        raise ConfigError(f"--shard={shard} is empty: there are {len(plan.groups)} groups to share")
    return share
