"""The first import of matplotlib, which must not fail for what somebody has set up for it.

Matplotlib raises at an MPLBACKEND that this Python lacks, as the processes that a notebook of
another Python starts have it, and at a `matplotlibrc` that cannot be read. Figures here need
neither: see `style.house_style`.
"""

import os
import sys

try:
    import matplotlib
except ValueError:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        del sys.modules[name]
    before = {name: os.environ.get(name) for name in ("MPLBACKEND", "MATPLOTLIBRC")}
    os.environ |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
    import matplotlib as matplotlib

    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
