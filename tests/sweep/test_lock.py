"""The lock of a workdir: one holder, who can be named; the dead hold nothing."""

import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from acts_jax.sweep import lock

HOLDER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from acts_jax.sweep import lock
    with lock.hold(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
""")


@pytest.fixture
def held(tmp_path):
    """A lock, and the other process that holds it."""
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield path, process
        process.kill()


def test_a_second_process_is_refused_and_told_who_holds_it(held):
    path, process = held
    with pytest.raises(lock.InUseError) as error, lock.hold(path):
        pass
    assert error.value.holder == f"process {process.pid} on host {socket.gethostname()}"
    assert process.poll() is None


def test_the_lock_of_a_dead_process_is_taken_over(held):
    path, process = held
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert str(process.pid) in path.read_text()  # it had no time to say goodbye
    with lock.hold(path):
        assert str(process.pid) not in path.read_text()


def test_a_lock_can_be_held_again_and_again(tmp_path):
    for _ in range(2):
        with lock.hold(tmp_path / "lock"):
            assert (tmp_path / "lock").read_text()
        assert (tmp_path / "lock").read_text() == ""


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "3", '{"pid": 1}', "[" * 10**6])
def test_a_holder_that_has_not_given_its_name_is_another_process(tmp_path, content):
    path = tmp_path / "lock"
    with lock.hold(path):
        path.write_text(content)
        with pytest.raises(lock.InUseError, match="another process"), lock.hold(path):
            pass
