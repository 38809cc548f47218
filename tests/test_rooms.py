"""The arrows between the rooms: an import runs from a room to one below it, and never back."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "acts_jax"
GROUND = {"errors", "files", "machine", "suggestion", "words"}  # which any room may use
# What each room may import. The order is that of docs/architecture.md, from the bottom to the top.
BELOW = {
    "kernels": set(),
    "activations": {"kernels"},
    "theory": {"activations", "kernels"},
    "data": set(),
    "models": {"activations", "theory"},
    "training": {"activations", "theory", "models", "data"},
    "analysis": set(),
    "sweep": {"activations", "theory", "data", "models", "training", "analysis"},
    "precision": {"activations"},
    "report": {"activations", "theory", "analysis", "precision"},
    "benchmarks": {"activations", "data", "models", "training", "sweep", "precision"},
}
BELOW["studies"] = {*BELOW}
BELOW["cli"] = {*BELOW}


def imports(path):
    """Full names of what a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_of(path):
    """The rooms that a file imports from."""
    names = (name.split(".") for name in imports(path))
    return {name[1] for name in names if name[0] == "acts_jax" and len(name) > 1}


@pytest.mark.parametrize("room", BELOW)
def test_no_import_runs_up(room):
    for path in sorted((PACKAGE / room).rglob("*.py")):
        above = rooms_of(path) - BELOW[room] - GROUND - {room}
        assert not above, f"{path.relative_to(PACKAGE)} imports from {', '.join(sorted(above))}"


def test_every_room_has_its_floor():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms <= set(BELOW)
    assert {path.stem for path in PACKAGE.glob("[!_]*.py")} <= GROUND


@pytest.mark.parametrize("file", sorted(GROUND))
def test_the_ground_stands_on_nothing(file):
    assert rooms_of(PACKAGE / f"{file}.py") <= GROUND


def test_only_the_command_line_knows_flags():
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name != "cli":
            assert not any(name.startswith(("absl.flags", "absl.app")) for name in imports(path))


def test_activations_and_kernels_import_jax_alone():
    others = {"flax", "optax", "scipy", "pandas", "matplotlib", "ml_collections", "absl"}
    for room in ("kernels", "activations"):
        for path in (PACKAGE / room).rglob("*.py"):
            assert not {name.split(".")[0] for name in imports(path)} & others
