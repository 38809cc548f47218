"""Every function as it is written, its formula, against mpmath and against its kernel."""

import functools
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations.catalogue import get, names
from acts_jax.precision import reference

ELEMENTWISE = names(elementwise=True)
CASES = [(name, 1.0) for name in ELEMENTWISE]
CASES += [(name, 1.25) for name in ELEMENTWISE if get(name).parameters]
CASES += [("sine", 30.0), ("softplus", 0.5), ("swish", -1.0)]
every_case = pytest.mark.parametrize("name, factor", CASES)


def formula_of(name):
    """What stands below the docstring, of which some functions need nothing more."""
    return getattr(get(name).function, "formula", get(name).function)


@functools.cache
def grid(name):
    """Numbers that float32 represents, on both sides of every bend."""
    low, high = max(get(name).domain[0], -20), min(get(name).domain[1], 20)
    return np.unique(np.float32(np.concatenate([
        np.linspace(low, high, 35)[1:-1], np.linspace(max(low, -4), min(high, 4), 26)[1:-1],
    ])))  # fmt: skip


def parameters_of(name, factor):
    return {key: float(np.float32(factor * value)) for key, value in get(name).defaults.items()}


@functools.cache
def by_formula(name, factor):
    """The formula in float64 at `grid(name)`: plain jax, where terms may cancel."""
    with jax.enable_x64(True):
        x = jnp.asarray(grid(name), jnp.float64)
        return np.asarray(formula_of(name)(x, **parameters_of(name, factor)))


@every_case
def test_the_formula_is_that_of_mpmath(name, factor):
    parameters = parameters_of(name, factor)
    exact = [float(reference.value(name, float(x), **parameters)) for x in grid(name)]
    got = by_formula(name, factor)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, exact, rtol=1e-9, atol=1e-12)


@every_case
def test_the_kernel_computes_the_formula(name, factor):
    """Within the promise, 4 ULP of the value and of x, and what cancels in the formula."""
    x, parameters = grid(name), parameters_of(name, factor)
    got, slope = (np.asarray(f(x, **parameters), np.float64) for f in (
        get(name), get(name).derivative
    ))  # fmt: skip
    bound = 4 * np.spacing(np.abs(got).astype(np.float32)) + 2.0**-21 * np.abs(x * slope) + 1e-12
    assert np.all(np.abs(got - by_formula(name, factor)) <= bound)


@pytest.mark.parametrize("name", names(elementwise=False))
def test_the_formula_of_whole_vectors(name):
    x = np.float32(np.random.default_rng(0).normal(scale=2, size=(5, 8)))
    with jax.enable_x64(True):
        expected = formula_of(name)(jnp.asarray(x, jnp.float64))
    np.testing.assert_allclose(get(name)(x), expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", names())
def test_a_formula_is_one_to_five_lines(name):
    source = inspect.getsource(inspect.unwrap(formula_of(name)))
    lines = source.rpartition('"""')[2].strip().splitlines()
    assert len(lines) <= 5 or name == "rrelu"  # which draws, too


def test_a_formula_keeps_no_digits_that_only_its_kernel_does():
    """What is behind `formula` is the text itself, not the kernel: its tail has no digits left."""
    assert get("gelu").function.formula(jnp.float32(-13)) == 0
    assert get("gelu")(jnp.float32(-13)) < 0
