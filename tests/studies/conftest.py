"""Running a study as its script does, and what every claim must be fit for."""

import json

import pytest
from rich.console import Console

from acts_jax.studies.claims import record
from acts_jax.sweep.config import read_config
from acts_jax.sweep.options import Options


@pytest.fixture(scope="session")
def told(tmp_path_factory, data_dir):
    """A function (study, workdir, options, **fields of its config) -> its claim.

    The claim is recorded and drawn once.
    """

    def told(study, workdir=None, options=None, **fields):
        name = study.__module__.split(".")[2]
        workdir = workdir or tmp_path_factory.mktemp(name)
        asked = Options(read_config(f"configs/{name}.py"), workdir, data_dir).with_fields(**fields)
        claim = study(asked, Console(quiet=True), **options or {})
        json.dumps(record(claim), allow_nan=False)
        for figure in claim.figures.values():
            figure.draw_without_rendering()
        return claim

    return told
