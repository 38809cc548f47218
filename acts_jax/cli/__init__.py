"""The command line: absl flags, and what the terminal shows."""

from acts_jax.cli.flags import activations as activations
from acts_jax.cli.flags import as_path as as_path
from acts_jax.cli.flags import compilation_cache as compilation_cache
from acts_jax.cli.flags import define_path as define_path
from acts_jax.cli.flags import formats as formats
from acts_jax.cli.flags import make_folder as make_folder
from acts_jax.cli.flags import margins as margins
from acts_jax.cli.flags import one_dataset as one_dataset
from acts_jax.cli.flags import options as options
from acts_jax.cli.flags import workdir as workdir
from acts_jax.cli.publishing import command as command
from acts_jax.cli.publishing import presenting as presenting
from acts_jax.cli.publishing import provenance as provenance
from acts_jax.cli.publishing import publish as publish
from acts_jax.cli.publishing import terminal as terminal
from acts_jax.cli.running import run as run
