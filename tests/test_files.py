"""Files: what is read or written, and that what cannot be is told, whatever it is."""

import json
import os

import pytest
from matplotlib.figure import Figure

from acts_jax.errors import StoreError
from acts_jax.files import read_json, write_text
from acts_jax.report import figures, html


def test_what_was_written_is_read(tmp_path):
    value = {"seed": [0, 1], "leaky_relu": {"negative_slope": [0.1]}, "name": "é", "none": None}
    (tmp_path / "file").write_text(json.dumps(value))
    assert read_json(tmp_path / "file") == value


DEEP = b"[" * 50 + b"]" * 50


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"{1: 2}", b"[" * 10**6, b'{"a":' * 10**6, DEEP]
)
def test_what_is_none_of_ours_is_refused(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError):
        read_json(tmp_path / "file")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused(tmp_path, make):
    make(tmp_path / "file")
    with pytest.raises(ValueError, match="no file"):
        read_json(tmp_path / "file")


def test_what_is_not_there_is_told_from_what_is_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "file")


@pytest.mark.parametrize(
    "save",
    [
        lambda path: write_text(path, "text"),
        lambda path: html.write(path, "<p>page"),
        lambda path: figures.save({"picture": Figure()}, path.parent),
    ],
)
@pytest.mark.parametrize("wrong", ["folder", "no folder to be in"])
def test_what_cannot_be_written_is_one_sentence(tmp_path, save, wrong):
    path = tmp_path / "into" / "picture.png"
    if wrong == "folder":
        path.mkdir(parents=True)
    else:
        path.parent.write_text("a file")
    with pytest.raises(StoreError) as error:
        save(path)
    reason = {"folder": "Is a directory", "no folder to be in": "File exists"}[wrong]
    assert str(error.value).startswith("cannot write to f")
    assert str(error.value).endswith(f": {reason}")
    assert not list(tmp_path.rglob(".*"))
