"""Training one network, and what is measured on it: pure functions of arrays."""

from acts_jax.training.examples import Examples as Examples
from acts_jax.training.loop import TrainState as TrainState
from acts_jax.training.loop import Watch as Watch
from acts_jax.training.loop import batch_order as batch_order
from acts_jax.training.loop import begin_watch as begin_watch
from acts_jax.training.loop import fit as fit
from acts_jax.training.loop import init_state as init_state
from acts_jax.training.loop import key_for as key_for
from acts_jax.training.loop import note_divergence as note_divergence
from acts_jax.training.loop import note_score as note_score
from acts_jax.training.loop import train as train
from acts_jax.training.loop import train_step as train_step
from acts_jax.training.objective import hits as hits
from acts_jax.training.objective import losses as losses
from acts_jax.training.optimizers import OPTIMIZERS as OPTIMIZERS
from acts_jax.training.optimizers import Hyperparameters as Hyperparameters
from acts_jax.training.optimizers import make_optimizer as make_optimizer
