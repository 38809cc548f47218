"""Signals: a sweep that is told to stop does so at the next chunk, a second Ctrl-C at once."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator

# Ctrl-C, a polite kill, a closed terminal, and what SLURM sends before it takes the machine away
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")


class Stopped(KeyboardInterrupt):
    """A sweep was told to stop, and what it had done was saved.

    Attributes:
        status: The exit status that says so, 128 and the number of the signal: 130 after SIGINT.
    """

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


class Stop:
    """Whether the sweep was told to stop.

    Attributes:
        number: The signal that came first, 0 before any has.
    """

    def __init__(self) -> None:
        self.number = 0

    def __bool__(self) -> bool:
        return self.number != 0

    def check(self) -> None:
        """Raises `Stopped` once a signal has come."""
        if self:
            raise Stopped(self.number)


def heeded() -> list[signal.Signals]:
    """The signals that stop a sweep: those of this system that are not ignored, as by nohup."""
    known = [signal.Signals[name] for name in _NAMES if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) != signal.SIG_IGN]


@contextlib.contextmanager
def listening() -> Iterator[Stop]:
    """Takes SIGINT, SIGTERM, SIGHUP and SIGUSR1 as a wish to stop, for the length of a with block.

    Python calls its signal handlers only between two bytecodes, and a chunk of training may be one
    call that lasts. So a thread of its own reads the signals as they come: after the first it sets
    the `Stop`; at a second SIGINT it ends the process there and then.

    In a thread other than the main one, signals cannot be had, and the `Stop` is never set.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    handlers = {number: signal.signal(number, lambda *_: None) for number in heeded()}
    wakeup = signal.set_wakeup_fd(sender.fileno())
    watcher = threading.Thread(target=_watch, args=(receiver, stop, list(handlers)), daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        sender.close()
        watcher.join()
        receiver.close()


def _watch(receiver: socket.socket, stop: Stop, heeded: list[int]) -> None:
    """Notes the signals that come, until the other end is closed."""
    while data := receiver.recv(64):
        for number in data:
            if stop and number == signal.SIGINT:
                _tell(b"\nstopped at once\n")
                os._exit(128 + number)
            if number in heeded and not stop:
                stop.number = number
                _tell(b"\nstopping after this chunk; Ctrl-C again stops at once\n")


def _tell(text: bytes) -> None:
    """Writes to standard error, if it is still there: a terminal may be closed."""
    with contextlib.suppress(OSError):
        os.write(2, text)
