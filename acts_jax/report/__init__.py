"""Reports on sweeps: statistics, figures and the page."""

from acts_jax.report import importing as importing
