"""Sweeps: a config becomes cells, groups of cells become programs, programs become results."""
