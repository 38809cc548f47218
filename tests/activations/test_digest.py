"""Digests: they change with what a function computes, and with nothing else."""

import itertools
import subprocess
import sys
import textwrap
from pathlib import Path

import jax
import numpy as np
import pytest

from acts_jax.activations import catalogue, digest

ROOT = Path(__file__).parents[2]
RULE = """
    import jax, jax.numpy as jnp
    import numpy as np
    TABLE = np.array([0.5, 0.25], np.float32)

    def helper(x):
        return jnp.where(x > 0, x, 0.1 * x)

    @jax.custom_jvp
    def f(x):
        return helper(x) * TABLE[1]

    @f.defjvp
    def rule(primals, tangents):
        return f(*primals), tangents[0] * 0.25

    def g(x, slope=0.2):
        steps = jax.lax.fori_loop(0, 3, lambda i, y: y + jnp.tanh(y), x)
        return jax.lax.cond(slope > 0, jnp.sin, jnp.cos, f(x)) + slope * steps

    @jax.custom_vjp
    def h(x):
        return jnp.maximum(x, 0)

    def back(kept, cotangent):
        return (jnp.where(kept > 0, cotangent, 0.01 * cotangent),)

    h.defvjp(lambda x: (h(x), x), back)
"""


def digests(source):
    """The digests of f, g and h of a module."""
    module = {"__name__": "own"}
    exec(textwrap.dedent(source), module)
    return [digest.of(catalogue.get(module[name])) for name in "fgh"]


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("0.1 * x", "0.2 * x", "fg"),  # a helper's constant
        ("0.5, 0.25", "0.5, 0.125", "fg"),  # an array's
        ("tangents[0] * 0.25", "tangents[0] * 0.5", "fg"),  # a rule
        ("x > 0, x, 0.1", "x >= 0, x, 0.1", "fg"),
        ("x > 0, x, 0.1 * x", "x > 0, 0.1 * x, x", "fg"),  # the order of arguments
        ("(0, 3,", "(0, 4,", "g"),
        ("y + jnp.tanh(y)", "y + jnp.sin(y)", "g"),  # the body of a loop
        ("jnp.sin, jnp.cos", "jnp.cos, jnp.sin", "g"),  # branches
        ("jnp.where(kept > 0", "jnp.where(kept >= 0", "h"),  # the rule for the way back
        ("jnp.maximum(x, 0)", "jnp.maximum(x, 0) + 1", "h"),
        # nothing that counts
        ("slope=0.2", "slope=0.3", ""),  # a default: a parameter's values are a cell's own
        ("def helper(x):", "def helper(x):  # the heart of it", ""),
        ("kept", "saved", ""),
        ("steps = ", "unused = jnp.exp(x)\n        steps = ", ""),
        ("helper", "leaky", ""),
        ("return helper(x) * TABLE[1]", "y = helper(x)\n        return y * TABLE[1]", ""),
        ("0.5, 0.25", "0.75, 0.25", ""),  # of which f takes the second only
    ],
)
def test_a_digest_changes_with_what_is_computed_and_with_nothing_else(old, new, changed):
    assert old in RULE
    before, after = digests(RULE), digests(RULE.replace(old, new))
    found = [name for name, a, b in zip("fgh", before, after, strict=True) if a != b]
    assert "".join(found) == changed


def test_no_two_activations_of_the_catalogue_have_one_digest():
    records = [a for a in map(catalogue.get, catalogue.names()) if a.shape_preserving]
    assert len({digest.of(activation) for activation in records}) == len(records) > 60


def test_a_function_without_a_gradient_has_a_digest_all_the_same():
    def called_back(x):
        return jax.pure_callback(np.tanh, jax.ShapeDtypeStruct(x.shape, x.dtype), x)

    assert digest.of(catalogue.get(called_back)) != digest.of(catalogue.get("tanh"))


def test_a_random_key_is_a_constant_like_any_other():
    def noisy(number):
        key = jax.random.key(number)
        return catalogue.get(lambda x: x * jax.random.normal(key, x.shape))

    assert digest.of(noisy(1)) == digest.of(noisy(1)) != digest.of(noisy(2))


def test_what_a_network_keeps_to_is_part_of_it():
    plain, bounded = (
        catalogue.Activation("own", lambda x: x * x, domain=domain)
        for domain in itertools.product((0.0, -1.0), (1.0,))
    )
    assert digest.of(plain) != digest.of(bounded)


def test_a_digest_is_the_same_in_every_process_and_on_every_python():
    code = "from tests.activations import test_digest as t; print(*t.digests(t.RULE))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == digests(RULE)
    f, _, h = digests(RULE)  # that of g, which has a loop, is another for another jax
    assert f == "3195d246e971f9bced8e89a344219b0b68b788d9641b83c230c53199207fdadc"
    assert h == "b4f4014cb9d64560828da3ad453084f83f1977ab996fe292c09d124194f4e248"
