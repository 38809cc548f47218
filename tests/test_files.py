"""Files: what JSON is read, and what is refused with a ValueError, whatever it is."""

import json
import os

import pytest

from acts_jax.files import read_json


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
