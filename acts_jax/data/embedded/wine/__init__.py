"""Wines of three cultivars, from scikit-learn's wheel."""
