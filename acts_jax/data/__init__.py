"""Datasets as arrays, prepared once and read without TensorFlow or network from then on."""

from acts_jax.data.balance import balanced_accuracy as balanced_accuracy
from acts_jax.data.balance import class_weights as class_weights
from acts_jax.data.dataset import Dataset as Dataset
from acts_jax.data.dataset import preprocessing as preprocessing
from acts_jax.data.loading import Prepared as Prepared
from acts_jax.data.loading import check_name as check_name
from acts_jax.data.loading import load as load
from acts_jax.data.loading import prepare as prepare
from acts_jax.data.splitting import Split as Split
from acts_jax.errors import DatasetError as DatasetError
