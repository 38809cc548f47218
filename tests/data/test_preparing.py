"""Preparing: by several processes, from files put into a folder, and what stands in the way."""

import hashlib
import importlib.util
import shutil
import sys

import pytest

from acts_jax import data
from acts_jax.errors import DatasetError
from acts_jax.sweep import launch
from acts_jax.sweep.config import make_config

pytestmark = pytest.mark.slow

COMMAND = "python -m experiments.prepare"
TRAIN = "".join(f"{i},{-i},{i % 2}\n" for i in range(20))
TEST = "".join(f"{100 + i},{-i},{i % 2}\n" for i in range(4))


def test_processes_preparing_at_once_all_get_the_data(tmp_path, python):
    code = f"""
import acts_jax.data, zlib
d = acts_jax.data.load(data_dir={str(tmp_path)!r})
print(zlib.crc32(b"".join(s.inputs.tobytes() for s in (d.train, d.validation, d.test))))
"""
    running = [python(code) for _ in range(2)]
    ends = [(*p.communicate(timeout=60), p.returncode) for p in running]
    assert len({out for out, _, _ in ends}) == 1
    assert all(err == "" and status == 0 for _, err, status in ends)
    assert [p.name for p in tmp_path.iterdir()] == ["digits"]
    assert [p.name for p in (tmp_path / "digits").iterdir()] == ["1.0.0"]
    assert len(list((tmp_path / "digits/1.0.0").glob("acts_jax-*"))) == 1
    assert len(data.load(data_dir=tmp_path).train.labels) == 1157


def test_a_missing_package_is_named_with_its_extra(tmp_path, data_dir, monkeypatch):
    data.load("mnist1d", data_dir=data_dir)
    monkeypatch.setitem(sys.modules, "mnist1d", None)
    monkeypatch.setitem(sys.modules, "mnist1d.data", None)
    for check in (data.check_name, data.load):
        with pytest.raises(DatasetError, match=r"`pip install acts_jax\[mnist1d\]`"):
            check("mnist1d", data_dir=tmp_path)
    data.check_name("mnist1d", data_dir=data_dir)  # once prepared, the package is not needed
    data.load("mnist1d", data_dir=data_dir)


def test_a_data_dir_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    where = f"cannot be written to {tmp_path}/file .*choose another data_dir"
    with pytest.raises(DatasetError, match=where):
        data.load(data_dir=tmp_path / "file")


def test_a_folder_of_digits_without_its_info_is_named(digits, data_dir, tmp_path):
    shutil.copytree(data_dir / "digits", tmp_path / "digits")
    (tmp_path / "digits/1.0.0/dataset_info.json").unlink()
    with pytest.raises(DatasetError, match=r"info.json is missing.*delete that folder"):
        data.load(data_dir=tmp_path)


def refused(function, *arguments, **options):
    """The one line that a call is refused with."""
    with pytest.raises(DatasetError) as raised:
        function(*arguments, **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("name", ["kmnist", "emnist/letters", "cifar10"])
def test_a_set_that_nobody_prepared_names_the_command_at_planning_time(name, tmp_path):
    if importlib.util.find_spec("tensorflow"):
        pytest.skip("TensorFlow is installed: preparing may succeed")
    for check in (data.check_name, data.load):
        said = refused(check, name, data_dir=tmp_path)
        assert f"dataset '{name}' is not prepared in {tmp_path}" in said
        command = f"{COMMAND} --dataset={name} --data_dir={tmp_path}"
        assert f"`pip install acts_jax[tfds]`, then `{command}`" in said
        assert f"copy its folder from where it is prepared to {tmp_path}/{name}" in said
    assert list(tmp_path.iterdir()) == []


def test_the_command_that_is_named_repeats_what_was_asked_for(tmp_path, monkeypatch):
    if importlib.util.find_spec("tensorflow"):
        pytest.skip("TensorFlow is installed: preparing may succeed")
    said = refused(data.prepare, "kmnist", data_dir=tmp_path, manual_dir=tmp_path)
    assert f"--dataset=kmnist --data_dir={tmp_path} --manual_dir={tmp_path}`" in said
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert f"`{COMMAND} --dataset=kmnist`" in refused(data.load, "kmnist")


def test_a_set_that_only_a_person_can_fetch_says_so_at_planning_time(tmp_path):
    for check in (data.check_name, data.load):
        said = refused(check, "imagenet2012", data_dir=tmp_path)
        command = f"{COMMAND} --dataset=imagenet2012 --data_dir={tmp_path} --manual_dir=FOLDER"
        assert f"`{command}`" in said
        assert "ILSVRC2012_img_train.tar" in said


def test_without_a_network_the_command_that_needs_none_is_named(by_hand, tmp_path, monkeypatch):
    for variable in ("http_proxy", "https_proxy", "all_proxy"):  # a proxy would be asked first
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    for check in (data.check_name, data.load):
        said = refused(check, "by_hand/checked", data_dir=tmp_path)
        assert "the network does not answer" in said
        command = f"{COMMAND} --dataset=by_hand/checked --data_dir={tmp_path} --manual_dir=FOLDER"
        assert f"`{command}`" in said
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_is_planned_with_the_datasets_of_its_data_dir(tiny, tmp_path_factory):
    tiny.store("mine", {"train": tiny.rows([0, 1] * 10)})
    config = make_config(dataset="mine")
    assert launch.make_plan(config, tiny.folder).config["dataset"] == ["mine"]
    with pytest.raises(ValueError, match="unknown dataset 'mine'"):
        launch.make_plan(config, tmp_path_factory.mktemp("empty"))


@pytest.fixture
def folder(by_hand, tmp_path):
    """The files of by_hand/checked, as published."""
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "train.csv").write_text(TRAIN)
    (folder / "test.csv").write_text(TEST)
    return folder


def test_files_put_into_a_folder_are_prepared_and_nothing_else_is_left(folder, tmp_path):
    prepared = data.prepare("by_hand/checked", data_dir=tmp_path / "data", manual_dir=folder)
    assert prepared.dataset.test.inputs.tolist() == [[100, 0], [101, -1], [102, -2], [103, -3]]
    assert prepared.folder == tmp_path / "data/by_hand/checked/1.0.0"
    files = [path for path in prepared.folder.rglob("*") if path.is_file()]
    arrays = [path for path in files if path.parent != prepared.folder]
    assert prepared.array_bytes == sum(path.stat().st_size for path in arrays) > 0
    assert prepared.record_bytes + prepared.array_bytes == sum(p.stat().st_size for p in files)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["by_hand"]
    shutil.rmtree(folder)
    again = data.prepare("by_hand/checked", data_dir=tmp_path / "data")
    assert again.record_bytes == prepared.record_bytes


def test_files_that_are_missing_are_named_with_url_size_and_checksum(folder, tmp_path):
    (folder / "train.csv").unlink()
    (folder / "test.csv").unlink()
    said = refused(data.prepare, "by_hand/checked", data_dir=tmp_path / "data", manual_dir=folder)
    for name, text in (("train.csv", TRAIN), ("test.csv", TEST)):
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        assert (
            f"{name} is missing ({len(text)} bytes, SHA-256 {sha256}, from "
            f"https://upstream.invalid/{name})"
        ) in said


def test_a_wrong_file_is_refused_with_both_checksums(folder, tmp_path):
    (folder / "test.csv").write_text("1,2,0\n")
    said = refused(data.prepare, "by_hand/checked", data_dir=tmp_path / "data", manual_dir=folder)
    found, right = (hashlib.sha256(t.encode()).hexdigest() for t in ("1,2,0\n", TEST))
    assert f"test.csv has SHA-256 {found} (6 bytes), and not {right} ({len(TEST)} bytes)" in said
    assert "train.csv" not in said


def test_a_full_disk_is_named_whoever_met_it(folder, tmp_path):
    where = tmp_path / "data"
    said = refused(data.prepare, "by_hand/too_large", data_dir=where, manual_dir=folder)
    assert f"cannot be written to {where} (No space left on device): choose another" in said
    assert not [*where.glob(".preparing-*"), *where.rglob("incomplete*")]


def test_a_file_whose_checksum_nobody_knows_is_taken_as_it_is(folder, tmp_path):
    options = {"data_dir": tmp_path / "data", "manual_dir": folder}
    said = refused(data.prepare, "by_hand/unchecked", **options)
    url = "https://upstream.invalid/folder/extra.csv"
    assert said.endswith(f"extra.csv is missing (TFDS does not know its checksum, from {url})")
    (folder / "extra.csv").write_text("1,2,0\n")
    assert len(data.prepare("by_hand/unchecked", **options).dataset.train.labels) == 18


def test_a_manual_dir_that_is_no_folder_is_refused(by_hand, tmp_path):
    said = refused(data.prepare, "by_hand/checked", data_dir=tmp_path, manual_dir=tmp_path / "x")
    assert said == f"manual_dir {tmp_path}/x is no folder"
