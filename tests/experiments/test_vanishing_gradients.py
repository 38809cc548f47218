"""The vanishing gradient as a command: what it refuses."""

import pytest

from experiments import vanishing_gradients as script

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--config.width=32,64", "takes one width, not 32, 64"),
        ("--config.activation=relu", "needs activation sigmoid, too"),
    ],
)
def test_what_is_not_compared_is_refused(run_main, tmp_path, data_dir, capsys, argument, message):
    defaults = {"config": "configs/vanishing_gradients.py", "workdir": str(tmp_path)}
    arguments = [argument, f"--data_dir={data_dir}", "--compilation_cache="]
    assert run_main(script, *arguments, **defaults) == 2
    assert message in capsys.readouterr().err
