"""That the table compares like with like."""

import jax.numpy as jnp
import numpy as np
import pytest

from acts_jax.activations.catalogue import get, names
from acts_jax.precision import counterparts
from acts_jax.precision.counterparts import evaluator, jax_nn, only_elementwise, torch_functional

ELEMENTWISE = names(elementwise=True)
PAIRS = [
    (library, name)
    for library, table in (("jax.nn", jax_nn()), ("torch", torch_functional()))
    for name in sorted(table)
    if name in (*ELEMENTWISE, *counterparts.READOUTS)
]


@pytest.mark.parametrize(("library", "name"), PAIRS)
def test_counterparts_are_the_same_function(library, name):
    x = np.float32(np.linspace(-7.03, 7.02, 301))
    activation = counterparts.measurable(name)
    ours = evaluator(activation, "acts_jax", "float32")(x)
    theirs = evaluator(activation, library, "float32")(x)
    for got, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
@pytest.mark.parametrize("library", ["acts_jax", *sorted({library for library, _ in PAIRS})])
def test_every_dtype_is_kept(library, dtype):
    x = np.array([-2.0, 0.5, 1.0], jnp.dtype(dtype))
    value, slope = evaluator(get("sigmoid"), library, dtype)(x)
    assert value.dtype == slope.dtype == x.dtype
    np.testing.assert_allclose(value.astype(float), [0.1192, 0.6225, 0.7311], rtol=0.02)
    np.testing.assert_allclose(slope.astype(float), [0.1050, 0.2350, 0.1966], rtol=0.02)


def test_a_library_without_the_function():
    assert evaluator(get("gudermannian"), "jax.nn", "float32") is None
    assert counterparts.function_of(get("gudermannian"), "acts_jax") is get("gudermannian")


def test_whole_vector_functions_have_no_counterpart():
    with pytest.raises(ValueError, match="softmax acts on whole vectors"):
        only_elementwise("softmax")
    assert only_elementwise("tanh").name == "tanh"
