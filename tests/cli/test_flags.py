"""The command line that experiments share: --activation, --workdir, flags of sweeps alone."""

import io
import signal
import sys
from pathlib import Path

import pytest

from acts_jax import cli
from acts_jax.activations import names


@pytest.fixture
def call(run_main, capsys):
    """Runs a function as an experiment's main: exit status, and what it printed to stderr."""

    def call(main, *arguments, **defaults):
        class Script:
            pass

        Script.main = staticmethod(main)
        defaults = {"workdir": "runs/x", "uses": ("activation",)} | defaults
        return run_main(Script, *arguments, **defaults), (capsys.readouterr().err)

    return call


def chosen(call, *arguments, **options):
    found = []
    status, error = call(
        lambda: found.extend(a.name for a in cli.activations(**options)), *arguments
    )
    return found, status, error


def test_activations_are_named_once_or_all_together(call):
    assert chosen(call, "--activation=gelu, tanh,gelu")[0] == ["gelu", "tanh"]
    assert chosen(call)[0] == names()
    assert chosen(call, "--activation=all", elementwise=True)[0] == names(elementwise=True)


def test_activations_that_will_not_do_are_one_line(call):
    _, status, error = chosen(call, "--activation=tanh,sigmoyd")
    assert (status, error.count("\n")) == (2, 1)
    assert "did you mean 'sigmoid'" in error
    _, status, error = chosen(call, "--activation=softmax", elementwise=True)
    assert (status, error) == (2, "error: softmax acts on whole vectors, not element by element\n")


def test_an_experiment_without_a_config_has_no_flags_of_sweeps(call):
    status, error = call(lambda: None, "--dry_run")
    assert (status, error.count("\n")) == (2, 1)
    assert "Unknown command line flag 'dry_run'" in error


def test_the_folder_for_results_is_made_or_refused(call, tmp_path):
    def main():
        assert cli.workdir().is_dir()

    assert call(main, f"--workdir={tmp_path / 'new' / 'one'}") == (0, "")
    (tmp_path / "file").write_text("")
    for wrong, reason in ((tmp_path / "file", "cannot write to workdir"), ("/proc/x", "cannot")):
        status, error = call(main, f"--workdir={wrong}")
        assert (status, error.count("\n")) == (2, 1)
        assert reason in error


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("~nosuchuser", "there is no home folder '~nosuchuser'"),
        ("~nosuchuser/runs", "there is no home folder '~nosuchuser'"),
        ("LICENSE/runs", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("x/" * 3000, "File name too long"),
        ("a\0b", "no file is called so"),
        ("", "no file is called so"),
    ],
)
@pytest.mark.parametrize("flag", ["workdir", "config", "data_dir", "compilation_cache"])
def test_a_path_that_cannot_be_is_one_line(call, flag, path, reason):
    if flag == "compilation_cache" and not path:
        return  # for none
    status, error = call(lambda: None, f"--{flag}={path}", config="configs/smoke.py")
    assert (status, error.count("\n")) == (2, 1)
    assert reason in error
    assert len(error) < 200


def test_a_home_folder_is_found_by_every_path(call, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    found = []
    arguments = [f"--{name}=~/x" for name in ("workdir", "data_dir", "compilation_cache")]
    call(lambda: found.append(cli.options()), *arguments, config="configs/smoke.py")
    paths = found[0].workdir, Path(found[0].data_dir), found[0].compilation_cache
    assert set(paths) == {tmp_path / "x"}


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--checkpoint_after=nan", "flag --checkpoint_after=nan: no number"),
        (f"--pack={'9' * 5000}", "999999"),
        (f"--pack={'1 ' * 5000}", "invalid literal"),
        (f"--on_error={'x y' * 5000}", "value should be one of <continue|stop>"),
        (f"--on_error={'x' * 50}\n{'y' * 50}", "value should be one of <continue|stop>"),
        (f"--{'x' * 5000}", "unknown flag"),
        (f"--{'x' * 70}", "Unknown command line flag"),
        ("x" * 5000, "unexpected argument 'xxx"),
    ],
)
def test_a_flag_that_is_none_is_echoed_in_part(call, argument, message):
    status, error = call(lambda: None, argument, config="configs/smoke.py")
    assert (status, error.count("\n")) == (2, 1)
    assert message in error
    assert len(error) < 300


def test_the_short_flag_for_activations_is_an_override(call):
    found = []
    arguments = ("--activation=relu,mish", "--config.depth=3")
    call(lambda: found.append(cli.options().config), *arguments, config="configs/smoke.py")
    assert (found[0].activation, found[0].depth) == ("relu,mish", "3")


def test_parameters_of_activations_that_were_replaced_are_dropped(call):
    found = []

    def main():
        found.append(cli.options().config)

    def parameters(*arguments):
        call(main, *arguments, config="configs/learn_prelu.py")
        return {"prelu", "leaky_relu"} & set(found[-1])

    assert parameters() == {"prelu", "leaky_relu"}
    assert parameters("--activation=relu,prelu") == {"prelu"}
    assert parameters("--config.activation=relu") == set()
    # A mistake stays one that planning can name.
    assert parameters("--activation=relu", "--config.prelu.slope=0.5") == {"prelu"}


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("holder", [None, ".", "of_a_study"])
def test_a_signal_tells_whether_there_is_something_to_go_on_from(
    call, tmp_path, number, status, holder
):
    if holder is not None:
        (tmp_path / holder).mkdir(exist_ok=True)
        (tmp_path / holder / "config.json").write_text("{}")
    before = signal.getsignal(number)
    arguments = f"--workdir={tmp_path}", "--config=configs/smoke.py"
    stopped, error = call(lambda: signal.raise_signal(number), *arguments, config="configs/x.py")
    rest = "; the same command goes on from here" if holder else ""
    assert (stopped, error) == (status, f"interrupted{rest}\n")
    assert signal.getsignal(number) == before
    assert call(lambda: signal.raise_signal(number), arguments[0]) == (status, "interrupted\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_a_terminal_cannot_show_is_spelled_out(call, monkeypatch, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding, write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    assert call(lambda: print("97.4 ± 0.3 \u2026 \udcff")) == (0, "")
    assert stream.buffer.getvalue().startswith(b"97.4 ")
    assert rb"\udcff" in stream.buffer.getvalue()


def test_a_fault_of_ours_is_not_dressed_up_as_the_users(call):
    def main():
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        call(main)
