"""Preparing a dataset, through its own command line."""

import functools
import re

import pytest

from acts_jax import data
from experiments import prepare as script

pytestmark = pytest.mark.slow


@pytest.fixture
def main(run_main):
    """The script's own main with a command line: its exit status."""
    return functools.partial(run_main, script, uses=("dataset", "data_dir"))


def test_classes_bytes_and_seconds_are_told(main, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main("--dataset=breast_cancer", f"--data_dir={tmp_path}") == 0
    printed = capsys.readouterr().out
    assert "breast_cancer 1.0.0: inputs float32 [30], 2 classes, chance 62.8%" in printed
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines()]
    assert ["all", "343", "113", "113"] in rows
    assert rows.index(["benign", "215", "71", "71"]) < rows.index(["malignant", "128", "42", "42"])
    folder = tmp_path / "breast_cancer/1.0.0"
    on_disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    [last] = [line for line in printed.splitlines() if "bytes of records" in line]
    records, arrays = (int(n.replace(",", "")) for n in re.findall(r"([\d,]+) bytes", last))
    assert records + arrays == on_disk
    assert str(folder) in last and last.endswith(" s")
    assert data.load("breast_cancer", data_dir=tmp_path).task == "classification"


def test_a_regression_is_told_in_the_unit_of_its_targets(main, data_dir, capsys):
    assert main("--dataset=diabetes", f"--data_dir={data_dir}") == 0
    assert "targets with mean 152.7, std 79.83" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: give one dataset, for example --dataset=fashion_mnist\n"),
        (["--dataset=minst"], "error: unknown dataset 'minst'; did you mean 'mnist'"),
        (["--dataset=digits", "--manual_dir=/none"], "error: manual_dir /none is no folder\n"),
        (["--dataset=digits", "--dry_run"], "error: Unknown command line flag 'dry_run'"),
    ],
)
def test_what_cannot_be_prepared_ends_with_one_line(arguments, message, main, tmp_path, capsys):
    assert main(f"--data_dir={tmp_path}", *arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith(message) and said.count("\n") == 1
