"""MNIST-1D: ten classes of one-dimensional signals, made by the `mnist1d` package."""
