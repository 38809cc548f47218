"""The package as a whole: its public names, and what importing it does not do."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import acts_jax

ROOT = Path(__file__).parent.parent


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_public_name_is_there_and_is_the_object_of_its_module():
    exports = re.findall(r"^from \.([\w.]+) import (\w+) as \2$", stub(), flags=re.MULTILINE)
    assert len(exports) == len(stub().strip().splitlines())
    for module, name in exports:
        member = getattr(acts_jax, name)
        assert member is getattr(importlib.import_module(f"acts_jax.{module}"), name)


def test_every_activation_of_the_catalogue_is_public():
    public = set(dir(acts_jax))
    assert set(acts_jax.names()) <= public


def stub():
    return (ROOT / "acts_jax" / "__init__.pyi").read_text()


def test_a_public_name_survives_any_order_of_imports():
    """A module never shadows the function that it is named like."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "acts_jax").rglob("*.py"))
        if path.stem != "__init__"
    ]
    code = f"""
import importlib, types, acts_jax
for module in {modules}:
    importlib.import_module(module)
for name in acts_jax.__all__:
    assert not isinstance(getattr(acts_jax, name), types.ModuleType), name
"""
    python(code)


def test_what_takes_parameters_by_name_takes_nothing_else_by_name():
    """Or an activation's own parameter, `threshold` for one, would silently be another's."""
    found = 0
    for path in (ROOT / "acts_jax").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and getattr(node.args.kwarg, "arg", "") == (
                "parameters"
            ):
                found += 1
                named = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
                assert named <= {"self", "x"}, f"{path.name}:{node.lineno}"
    assert found > 10


def test_importing_starts_no_backend_and_writes_nothing(tmp_path):
    code = """
import os, acts_jax
before = dict(os.environ)
for name in acts_jax.__all__:
    getattr(acts_jax, name)
import jax._src.xla_bridge as bridge
assert not bridge.backends_are_initialized()
assert before == dict(os.environ)
"""
    python(code)


def test_the_catalogue_imports_jax_alone():
    code = """
import sys, acts_jax.activations, acts_jax.theory.mean_field
print(sorted({"flax", "optax", "tensorflow_datasets", "pandas"} & set(sys.modules)))
"""
    assert python(code) == "[]"


def test_every_line_of_the_readme_that_is_python_runs_as_written():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert blocks
    python("\n".join(blocks))
