"""Signals: the first is a wish, the second Ctrl-C an order."""

import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from acts_jax.sweep import signals

START = """
    import hashlib, sys, time
    from acts_jax.sweep import signals
    with signals.listening() as stop:
        print("listening", flush=True)
"""
PATIENT = """
        while not stop:
            time.sleep(0.01)
        print("saved", flush=True)
        try:
            stop.check()
        except signals.Stopped as stopped:
            sys.exit(stopped.status)
"""
BUSY = """
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # one call that lasts for many minutes
"""


def started(body):
    code = textwrap.dedent(START + body)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "listening\n"
    return process


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 143),
        (signal.SIGHUP, 129),
        (signal.SIGUSR1, 138),
    ],
)
def test_after_a_signal_there_is_time_to_save(number, status):
    process = started(PATIENT)
    process.send_signal(number)
    out, error = process.communicate(timeout=60)
    assert (out, process.returncode) == ("saved\n", status)
    assert "stopping after this chunk; Ctrl-C again stops at once" in error


def test_what_is_ignored_as_by_nohup_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.listening() as stop:
            signal.raise_signal(signal.SIGHUP)
            time.sleep(0.05)
            assert not stop
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_ctrl_c_stops_at_once_even_in_the_middle_of_a_call():
    process = started(BUSY)
    process.send_signal(signal.SIGINT)
    assert "stopping after this chunk" in process.stderr.readline() + process.stderr.readline()
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == "\nstopped at once\n"


def test_afterwards_signals_do_what_they_did_before():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with signals.listening() as stop:
        assert not stop
        stop.check()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_in_another_thread_nothing_is_listened_to():
    seen = []

    def listen():
        with signals.listening() as stop:
            seen.append(bool(stop))

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert seen == [False]
