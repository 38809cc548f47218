"""Benchmarks: who is timed, in which order, and what the numbers are; never how fast."""

import numpy as np
import pytest

from acts_jax.benchmarks.activations import benchmark, interleaved


def test_runs_take_turns_after_the_warm_up():
    calls = []
    runs = {name: lambda name=name: calls.append(name) for name in "abc"}
    seconds = interleaved(runs, repeats=4, warmups=1)
    assert len(calls) == 5 * 3
    rounds = ["".join(calls[i : i + 3]) for i in range(0, 15, 3)]
    assert all(sorted(r) == ["a", "b", "c"] for r in rounds)
    assert {r[0] for r in rounds[1:]} == {"a", "b", "c"}
    assert list(seconds) == ["a", "b", "c"]
    assert all(s.shape == (4,) and np.all(s >= 0) for s in seconds.values())


def test_warm_up_is_not_timed():
    import time

    first = [True]

    def run():
        time.sleep(0.2 if first.pop() else 0)
        first.append(False)

    assert interleaved({"a": run}, repeats=3, warmups=1)["a"].max() < 0.1


def test_a_benchmark_holds_every_kind_and_library():
    timings = benchmark("silu", size=1000, repeats=3)
    by_kind = {(t.library, t.kind): t for t in timings}
    for library in ("acts_jax", "jax.nn"):
        for kind in ("f", "f'", "both"):
            timing = by_kind[library, kind]
            assert timing.activation == "silu"
            assert min(timing.nanoseconds, timing.floor, timing.over_exp) > 0
    assert all(t.ours_over_this == 1 for t in timings if t.library == "acts_jax")
    floors = {kind: by_kind["acts_jax", kind].floor for kind in ("f", "f'", "both")}
    assert floors["both"] == pytest.approx(1.5 * floors["f"])


def test_only_elementwise_functions_are_timed():
    with pytest.raises(ValueError, match="softmax acts on whole vectors"):
        benchmark("softmax", size=10, repeats=1)
