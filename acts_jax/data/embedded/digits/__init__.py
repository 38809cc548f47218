"""Handwritten digits of 8x8 pixels, from scikit-learn's wheel."""
