"""Sweeps and studies in processes of their own, without the seconds that imports take.

    echo '[{"arguments": [...], "signal": 9, "after": 1.5}]' | python tests/forked.py

imports everything once, and forks a process for each run of the list: a sweep without its report,
or the study that it names, without its pictures. It prints a list with each run's exit status
(negative: the signal it died of), what it wrote to stderr, and its seconds.
"""

import glob
import json
import os
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)  # no thread of jax's runs yet

from rich.console import Console  # noqa: E402

from acts_jax import cli  # noqa: E402
from acts_jax.report import figures  # noqa: E402
from acts_jax.sweep import trainer  # noqa: E402
from experiments import dying_relu, vanishing_gradients  # noqa: E402

STUDIES = {"dying_relu": dying_relu, "vanishing_gradients": vanishing_gradients}


def child(run: dict, stderr: int) -> None:
    """The run itself; never returns."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(stderr, 2)
    if "largest_file" in run:  # a write beyond it fails, as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (run["largest_file"],) * 2)
    figures.save = lambda *_, **__: []
    name = run.get("study", "smoke")
    main = STUDIES[name].main if name in STUDIES else sweep
    config, argv = f"configs/{name}.py", [name, *run["arguments"]]
    cli.run(main, config=config, workdir="runs/none", argv=argv)


def sweep() -> None:
    trainer.train(cli.options(), Console())


def fork(run: dict) -> dict:
    """Starts a run, sends it its signals, and waits for its end."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as stderr:
        pid = os.fork()
        if pid == 0:
            child(run, stderr.fileno())
        if "signal" in run:
            time.sleep(run.get("after", 0))
            while "once" in run and not glob.glob(run["once"]):  # or a file is there
                time.sleep(0.002)
            os.kill(pid, run["signal"])
        _, status = os.waitpid(pid, 0)
        stderr.seek(0)
        return {
            "status": os.waitstatus_to_exitcode(status),
            "stderr": stderr.read().decode(),
            "seconds": time.monotonic() - started,
        }


if __name__ == "__main__":
    print(json.dumps([fork(run) for run in json.load(sys.stdin)]))
