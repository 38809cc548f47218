"""Running a study as its script does, and what every claim must be fit for."""

import json

import pytest
from rich.console import Console

from acts_jax.studies.claims import record
from acts_jax.sweep.config import read_config
from acts_jax.sweep.options import Options


@pytest.fixture
def told(tmp_path, data_dir):
    """A function (study, **fields of its config) -> its claim, recorded and drawn once."""

    def told(study, **fields):
        name = getattr(study, "func", study).__module__.split(".")[2]
        options = Options(read_config(f"configs/{name}.py"), tmp_path, data_dir)
        claim = study(options.with_fields(**fields), Console(quiet=True))
        json.dumps(record(claim), allow_nan=False)
        for figure in claim.figures.values():
            figure.draw_without_rendering()
        return claim

    return told
