"""Experiments: `python -m experiments.NAME`."""
