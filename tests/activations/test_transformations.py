"""Activations in other people's code: any dtype, any transformation, any backend."""

import functools

import jax
import jax.extend.core
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import pallas
from jax.sharding import PartitionSpec

from acts_jax.activations.catalogue import get, names
from acts_jax.activations.derivative import derivative
from acts_jax.precision import reference

ELEMENTWISE = names(elementwise=True)
LOW = [jnp.bfloat16, jnp.float16, jnp.float8_e4m3fn, jnp.float8_e5m2]
FAR = jnp.float32([
    -3e38, -1e30, -500, -100, -20, -6, -3, -2, -1.5, -1, -0.5, -0.1, 0, 0.1, 0.5, 1, 1.5, 2, 3, 6,
    20, 100, 500, 1e30, 3e38,
])  # fmt: skip
every_elementwise = pytest.mark.parametrize("name", ELEMENTWISE)


# --- A slope of exactly 0 is selected, not multiplied


FLAT = [
    "a_relu", "hard_elish", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "relu",
    "relu6", "smelu", "soft_shrink", "sparse_plus", "sparse_sigmoid", "sqnl", "squared_relu",
    "threshold",
]  # fmt: skip


@pytest.mark.parametrize("name", FLAT)
def test_no_infinite_cotangent_passes_a_flat_piece(name):
    x = FAR[FAR != -1.5]  # where hard_silu has its minimum

    @jax.jit
    def pulled(x):
        pull = jax.vjp(get(name).function, x)[1]
        return [pull(jnp.full_like(x, cotangent))[0] for cotangent in (1, jnp.inf, -jnp.inf)]

    slope, *passed = map(np.asarray, pulled(x))
    assert np.any(slope == 0)
    np.testing.assert_array_equal(np.array(passed)[:, slope == 0], 0)


@pytest.mark.parametrize("name", ["leaky_relu", "prelu"])
def test_nor_one_that_a_parameter_makes_flat(name):
    f = functools.partial(get(name).function, **dict.fromkeys(get(name).parameters, 0.0))
    x = jnp.float32([-3, 3])
    np.testing.assert_array_equal(jax.vjp(f, x)[1](jnp.full(2, jnp.inf))[0], [0, jnp.inf])


@pytest.mark.parametrize("name", ["elu", "celu", "prelu", "smelu", "a_relu", "soft_shrink"])
def test_no_infinite_cotangent_reaches_a_parameter_that_does_not_count(name):
    flat = -3.0 if name in ("smelu", "a_relu") else 0.0 if name == "soft_shrink" else 3.0
    values = {key: jnp.float32(value) for key, value in get(name).defaults.items()}
    pull = jax.vjp(lambda values: get(name)(flat, **values), values)[1]
    assert set(map(float, pull(jnp.inf)[0].values())) == {0.0}


def test_every_flat_piece_is_known():
    """Of functions without parameters: a slope of exactly 0 on both sides of a point, near 0."""
    x = jnp.float32(np.arange(-8, 8, 0.25) + 0.125)
    for name in ELEMENTWISE:
        if not get(name).parameters and get(name).domain != (0, 1):
            slope = np.asarray(jax.jit(derivative(get(name).function))(x))
            flat = np.any((slope[1:] == 0) & (slope[:-1] == 0))
            assert flat == (name in FLAT), name


@pytest.mark.parametrize("name", ["relu", "relu6", "squared_relu", "crelu", "reglu", "sparsemax"])
def test_dead_units_do_not_make_nan_of_a_norm(name):
    w, x = jnp.float32([[1, -1], [0.5, 2]]), jnp.float32([[1, 1], [-1, -1]])
    f = get(name).function
    units = jnp.concatenate([x @ w, x @ w], axis=-1)
    gradient = jax.grad(lambda w: jnp.linalg.norm(f(x @ w), axis=-1).sum())(w)
    if name == "reglu":  # whose other factor meets it, too
        gradient = jax.grad(lambda u: jnp.linalg.norm(f(u), axis=-1).sum())(units)
    assert np.all(np.isfinite(gradient))
    if name == "relu":
        expected = jax.grad(lambda w: jnp.linalg.norm(jax.nn.relu(x @ w), axis=-1).sum())(w)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6)


@pytest.mark.parametrize("power", [0.5, 0.25])
@pytest.mark.parametrize("name", ["relu", "smelu", "sparse_plus", "a_relu", "hard_sigmoid"])
def test_roots_of_dead_units(name, power):
    x = jnp.float32([-4, -3.5, 1])
    gradient = jax.grad(lambda x: (get(name)(x) ** power).sum())(x)
    assert np.all(np.isfinite(gradient)) and gradient[0] == gradient[1] == 0


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("alpha", [0.25, 0.5, 0.75])
def test_an_infinite_slope_times_nothing_is_nothing(dtype, alpha):
    x = jnp.asarray([0, 1, 0.3], dtype)
    pull = jax.vjp(lambda x: get("sbaf")(x, alpha=alpha), x)[1]
    np.testing.assert_array_equal(pull(jnp.zeros_like(x))[0], 0)
    assert pull(jnp.ones_like(x))[0].tolist()[:2] == [-np.inf, np.inf]


@every_elementwise
def test_the_value_beside_a_derivative_has_the_same_derivative(name):
    """Of jvp's two results, differentiated: by the rule, not by autodiff of the kernel."""
    f, (low, high) = get(name).function, get(name).domain
    x = jnp.float32([0.03, 0.2, 0.7, 0.97]) if (low, high) == (0, 1) else FAR[abs(FAR) < 200]

    @jax.jit
    def both(x):
        along = functools.partial(jax.jvp, primals=(x,), tangents=(jnp.ones_like(x),))
        return along(lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[0])[1], along(f)[1]

    beside, slope = both(x)
    np.testing.assert_allclose(beside, slope, rtol=3e-7, atol=1e-38)


# --- Every dtype, in every mode


@pytest.mark.parametrize("x64", [False, True])
@pytest.mark.parametrize("name", names())
def test_value_and_gradient_keep_the_dtype(name, x64):
    f = get(name).function
    with jax.enable_x64(x64), jax.numpy_dtype_promotion("strict"):
        for dtype in (jnp.bfloat16, jnp.float8_e4m3fn, jnp.float32)[: 3 if x64 else 2]:
            x = jax.ShapeDtypeStruct((1, 4), dtype)
            value, pulled = jax.eval_shape(
                lambda x: (f(x), jax.vjp(f, x)[1](jnp.ones_like(f(x)))[0]), x
            )
            assert value.dtype == pulled.dtype == dtype


@pytest.mark.parametrize("name", ["gelu_tanh", "relu", "softmax", "leaky_relu", "sine"])
@pytest.mark.parametrize("dtype", LOW)
def test_low_precision_is_float32_rounded_once(name, dtype):
    x = jnp.linspace(-3, 3, 16).astype(dtype)
    with jax.enable_x64(True):
        rounded = get(name)(x.astype(jnp.float32)).astype(dtype)
        np.testing.assert_array_equal(get(name)(x), rounded)


@pytest.mark.parametrize("dtype", [jnp.uint8, jnp.int8, jnp.uint16, jnp.uint32, jnp.int32, bool])
@pytest.mark.parametrize("name", ["identity", "relu", "relu6", "hard_tanh", "hard_shrink", "tanh"])
def test_integers_of_any_size(name, dtype):
    signed = jnp.issubdtype(dtype, jnp.signedinteger)
    x = jnp.asarray([-128, -2, 0, 1, 127] if signed else [0, 1, 2, 7]).astype(dtype)
    np.testing.assert_allclose(get(name)(x), get(name)(x.astype(jnp.float32)), rtol=1e-6)


@pytest.mark.parametrize("name", names())
def test_complex_numbers_are_refused(name):
    with pytest.raises(ValueError, match="takes real numbers, not complex64"):
        get(name)(jnp.ones((1, 4), jnp.complex64))
    for parameter in get(name).parameters:
        with pytest.raises(ValueError, match="takes real numbers, not complex64"):
            get(name)(jnp.full((1, 4), 0.5), **{parameter: jnp.complex64(0.5)})


# --- Parameters so large or small that they overflow, or lose x


@pytest.mark.parametrize(
    "name, x, parameters",
    [
        ("softplus", 10.0, {"beta": 1e38}), ("softplus", 3e38, {"beta": 2.0}),
        ("softplus", -10.0, {"beta": 1e38}), ("softplus", 1.0, {"beta": 1e-30}),
        ("celu", -3.0, {"alpha": 1e38}), ("celu", -1e-30, {"alpha": 1e30}),
        ("celu", -3.0, {"alpha": 1e-30}), ("pelu", -1e-10, {"alpha": 1e30, "beta": 1e30}),
        ("swish", 10.0, {"beta": 1e38}), ("swish", -10.0, {"beta": 1e38}),
        ("isru", 1.0, {"alpha": 1e30}), ("isrlu", -1e20, {"alpha": 1e-30}),
        ("soft_clipping", 0.25, {"alpha": 1e38}), ("snake", 2.0, {"frequency": 1e-30}),
        ("squareplus", 3.0, {"b": 1e30}), ("smelu", 3.0, {"beta": 1e30}),
    ],
)  # fmt: skip
def test_parameters_at_the_edges_of_float32(name, x, parameters):
    x, parameters = float(np.float32(x)), {k: float(np.float32(v)) for k, v in parameters.items()}
    expected = float(reference.value(name, x, **parameters))
    np.testing.assert_allclose(get(name)(x, **parameters), expected, rtol=1e-6, atol=1e-38)


def test_a_scale_without_end_leaves_the_identity():
    x = jnp.float32([-1e-30, -3, 2])
    np.testing.assert_array_equal(jax.jit(get("celu").function)(x, jnp.float32(jnp.inf)), x)


# --- Each element on its own: what shard_map, Pallas and partitioners take


def primitives(jaxpr):
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for inner in jax.extend.core.jaxprs_in_params(equation.params):
            yield from primitives(inner)


@every_elementwise
def test_no_element_waits_for_another(name):
    f = get(name).function
    x = jnp.full((4, 8), 0.5)
    for of in (f, derivative(f), derivative(f, 2)):
        used = set(primitives(jax.make_jaxpr(of)(x).jaxpr))
        assert not {p for p in used if p.startswith(("reduce_", "while", "cond", "scan", "cum"))}


@pytest.mark.parametrize("name", ["sine", "snake", "gcu", "relu", "prelu", "mish"])
def test_shards(name):
    mesh = jax.sharding.Mesh(jax.devices()[:1], ("data",))
    x = jnp.float32(np.linspace(-9e3, 9e3, 8))
    spec = PartitionSpec("data")
    sharded = jax.shard_map(
        derivative(get(name).function), mesh=mesh, in_specs=spec, out_specs=spec
    )
    np.testing.assert_array_equal(jax.jit(sharded)(x), derivative(get(name).function)(x))


@pytest.mark.parametrize("start", range(8))
def test_pallas_lowers_them_for_the_tpu(start):
    """Values and derivatives, at parameters that are plain numbers, in one kernel."""
    functions = [get(name).function for name in ELEMENTWISE[start::8]]

    def kernel(x, out):
        for i, f in enumerate(functions):
            out[2 * i], out[2 * i + 1] = f(x[...]), derivative(f)(x[...])

    shape = jax.ShapeDtypeStruct((2 * len(functions), 8, 128), jnp.float32)
    call = pallas.pallas_call(kernel, out_shape=shape)
    exported = jax.export.export(jax.jit(call), platforms=["tpu"])
    assert "tpu_custom_call" in exported(jax.ShapeDtypeStruct((8, 128), jnp.float32)).mlir_module()


# --- What is kept for the way back


def bytes_kept(f, x):
    """Bytes per element of the arrays that reverse mode keeps."""
    kept = jax.tree.leaves(jax.eval_shape(lambda x: jax.vjp(f, x)[1], x))
    return sum(leaf.size * leaf.dtype.itemsize for leaf in kept if leaf.size >= x.shape[0]) / x.size


SHARED = [
    "relu", "relu6", "sigmoid", "soft_sign", "softplus", "elu", "selu", "celu", "gelu",
    "leaky_relu", "hard_tanh", "hard_sigmoid", "hard_silu", "silu", "squareplus", "mish",
    "log_sigmoid", "sparse_plus", "sparse_sigmoid", "tanh", "softmax", "log_softmax", "glu",
]  # fmt: skip


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("name", SHARED)
def test_no_more_is_kept_than_jax_nn_keeps(name, dtype):
    theirs = getattr(jax.nn, name)
    if name == "gelu":
        theirs = functools.partial(theirs, approximate=False)
    x = jax.ShapeDtypeStruct((64, 64), dtype)
    assert 0 < bytes_kept(get(name).function, x) <= bytes_kept(theirs, x)
