"""Dying units as a command: what it refuses."""

import pytest

from experiments import dying_relu as script

pytestmark = pytest.mark.slow


def test_an_axis_that_is_not_told_apart_is_refused(run_main, tmp_path, data_dir, capsys):
    defaults = {"config": "configs/dying_relu.py", "workdir": str(tmp_path)}
    arguments = ["--config.momentum=0.5,0.9", f"--data_dir={data_dir}", "--compilation_cache="]
    assert run_main(script, *arguments, **defaults) == 2
    assert "takes one momentum, not 0.5, 0.9" in capsys.readouterr().err
