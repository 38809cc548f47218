"""Made-up command lines: whatever they say, one sentence or a plan, soon and in little memory.

Every flag of every experiment, and every field of a config, gets values that nobody would give.
Nothing is compiled: sweeps are planned only, and the others stop where their work begins.
"""

import ast
import importlib
import random
import resource
import signal
import sys
import warnings
from pathlib import Path

import jax
import pytest

from acts_jax.cli.flags import OF_SWEEPS, SHARED
from acts_jax.sweep.config import FIELDS

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(p.stem for p in (ROOT / "experiments").glob("[a-z]*.py"))
LINES, SECONDS, MEGABYTES = 300, 10, 500

# Where the work of an experiment begins that has no --dry_run.
WORK = {
    "accuracy": "accuracy.tables_of",
    "activation_card": "card.make",
    "benchmark_activations": "activations.benchmark",
    "benchmark_sweep": "sweeps.compare",
    "iterate": "iterate.study",
    "prepare": "data.prepare",
    "textbook": "run",
}
PARAMETERS = ["leaky_relu.negative_slope", "elu.alpha", "swish.beta", "prelu.slope"]
GOOD = {
    "activation": ["relu", "elu,leaky_relu", "all", "softmax"],
    "dataset": ["digits", "wine", "diabetes"],
    "config": [str(ROOT / "configs" / "smoke.py"), str(ROOT / "configs" / "learn_prelu.py")],
    "optimizer": ["adam", "sgd,momentum"],
    "hidden_sizes": ["8-8", "512-256-128,4"],
    "depth": ["0", "1,2", "range(1,4)"],
    "learning_rate": ["logspace(1e-3, 1, 7)", "linspace(0,1,5)", "0.1, 0.01"],
    "seed": ["range(5)", "0,1"],
    "shard": ["0/2", "1/1"],
}
# Files beside, as modules and as configs; each is wrong in a way of its own.
FILES = {
    "prints": "print('hello')\ndef f(x): return x\ndef get_config(): return {}",
    "raises": "raise KeyError('no [/b] such thing')",
    "exits": "import sys\nsys.exit(3)",
    "misspelt": "def get_config(:",
    "needy": "def f(x, y): return x\ndef get_config(name): return {}",
    "nothing": "def f(x): pass\ndef get_config(): pass",
    "odd": "def f(*_): raise SystemExit\ndef get_config(): return {1: 2}",
    "endless": "a = []\na.append(a)\ndef f(x): return f(x)\ndef get_config(): return {'seed': a}",
    "huge": "def f(x): return 10**5000\ndef get_config(): return {'seed': 10**5000}",
    "wide": "def get_config(): return {'seed': range(10**12), 'relu': 3}",
}
WORDS = r"""
, ,,, = - -- ( ) [] [[[[ {} ' " "a \ %s [/b] [bold] :wave: : a:b:c ..x:y a/b/c =1 a=b=c slope=1
nan inf -inf 1e400 -1e400 1e300 1e-320 -0.0 0 -1 1_000 0x10 1.5 1,1 0,-0.0 1j ½ ٣ true None
slope=nan 10000000 1000000000 99999999999999999999 0/0 3/2 -1/2 1/2/3 64--64 0-0
range( range() range(0) range(0,1e400) range(0,nan) range(0,2.5) range(0,10,0) range(0,1e300)
range(5,0,-1) range(0,1,2,3) range(0,100000) range(1,5000) range(0,100000000) linspace(0,1,1e9)
range(0,1000000),999999 range(__import__('os'),1) linspace(0,1,1e400) linspace(0,1,-3)
linspace(0,1,3) linspace(-1e308,1e308,3) linspace(0,nan,3) linspace(0,1,2.5) linspace(0,1,0)
linspace(0.1,1,1000) logspace(-1,1,3) logspace(0,1,3) logspace(1e-3,1,1e10) logspace(1,2)
lgspace(1) sys:exit os:abort() os:path math:sin math:hypot json: builtins:print builtins:dict
json.JSONDecoder:x digits:9.9.9 1000000000-1000000000
~nosuchuser ~nosuchuser/x ~ /proc/nowhere /dev/null /dev/null/x / . README.md configs nothing.py
"""
LONG = 5000
NASTY = [
    *WORDS.split(),
    *("", " ", "a\0b", "a\nb\nc", "\x1b[31m", "\u202e", "\udcff", "🙂" * 100, "é" * LONG),
    *(char * LONG for char in ("9", "-", "(", "a", "a(", "1,", "x/", "9-")),
    *(f"range({text})" for text in ("-" * LONG + "1", "(" * LONG + "1", "9" * LONG, "1," * LONG)),
    *("x" * 300, "a" * LONG + ":f", "x." * LONG + ":f", "9" * LONG + "/1", "9" * LONG + "-1"),
    *(f"{name}{end}" for name in FILES for end in (":f", ".py")),
]


def calls_of(name):
    """The arguments that an experiment gives to `cli.run`, and the names of its own flags."""
    tree = ast.parse((ROOT / "experiments" / f"{name}.py").read_text())
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    (run,) = [n for n in calls if ast.unparse(n.func) == "cli.run"]
    own = [n.args[0].value for n in calls if "DEFINE" in ast.unparse(n.func)]
    return {k.arg: ast.literal_eval(k.value) for k in run.keywords}, own


def made_up(rng):
    """An experiment, and the arguments of a command line for it."""
    name = rng.choice([*SCRIPTS, *["sweep"] * len(SCRIPTS)])
    defaults, known = calls_of(name)
    known = [*known, *defaults.get("uses", ())] + ["workdir"] * ("workdir" in defaults)
    if "config" in defaults:
        fields = [f"config.{f}" for f in (*FIELDS, *PARAMETERS)]
        known += [*(SHARED | OF_SWEEPS), *rng.sample(fields, 12)]
        known += rng.sample(["config.nothing", "config.relu.x", "config.items.x", "override"], 1)
    line = []
    for flag in rng.choices(known, k=rng.choice([1, 1, 1, 2, 3])):
        field = flag.removeprefix("config.")
        value = rng.choice(GOOD[field] if field in GOOD and rng.random() < 0.3 else NASTY)
        form = rng.random()
        line += [f"--{flag}={value}"] if form < 0.9 else [f"--{flag}", value]
        line += [value] if form > 0.98 else []
    return name, defaults, line


def run(name, defaults, line, run_main, capsys):
    """The exit status of an experiment, and what it said to standard error."""
    script = importlib.import_module(f"experiments.{name}")
    planned = ["--dry_run"] if "config" in defaults and name != "textbook" else []
    if "config" in defaults:
        defaults = defaults | {"config": str(ROOT / defaults["config"])}
    try:
        status = run_main(script, *line, *planned, **defaults)
    finally:
        told = capsys.readouterr().err
    return status, told


def complaints(name, defaults, line, run_main, capsys):
    """What is wrong with how an experiment ends on a command line; empty if nothing."""

    def too_long(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            status, told = run(name, defaults, line, run_main, capsys)
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:100]}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    values = {part for argument in line for part in (argument, argument.partition("=")[2])}
    echoed = [v for v in values if any(v[i : i + 61] in told for i in range(len(v) - 60))]
    found = [f"status {status}"] if status not in (0, 1, 2) else []
    found += ["no sentence"] if status and not told.startswith("error: ") else []
    found += ["too many lines"] if told.count("\n") > 6 else []
    found += ["a value in full"] if echoed else []
    return ", ".join(found) + (f": {told[:150]}" if found else "")


@pytest.fixture
def planning(monkeypatch, tmp_path, data_dir):
    """Experiments stop where their work begins; what they leave is in a folder of its own."""
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir))
    for name, place in WORK.items():
        script = importlib.import_module(f"experiments.{name}")
        monkeypatch.setattr(f"{script.__name__}.{place}", lambda *_, **__: sys.exit(0))
    yield
    for name in FILES:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "error", [RuntimeError("no backend 'cuda'\nnor any other"), AssertionError()]
)
@pytest.mark.parametrize("name", sorted({*SCRIPTS} - {"export", "merge", "prepare"}))
def test_without_a_device_one_sentence_says_so(
    planning, run_main, capsys, monkeypatch, name, error
):
    def no_devices():
        raise error

    monkeypatch.setattr(jax, "local_devices", no_devices)
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    line = ["--activation=mish"] if name == "verdict" else []  # it needs one
    status, told = run(name, calls_of(name)[0], line, run_main, capsys)
    assert status == 2
    assert told.startswith("error: jax finds no device for JAX_PLATFORMS=cuda")


def test_three_hundred_made_up_lines_end_in_one_sentence(planning, run_main, capsys):
    rng, wrong = random.Random(18), []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(LINES):
        name, defaults, line = made_up(rng)
        if found := complaints(name, defaults, line, run_main, capsys):
            wrong.append(f"{name} {[a[:80] for a in line]}: {found}")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert not wrong, f"{len(wrong)} lines:\n" + "\n".join(wrong)
    assert grown < MEGABYTES
