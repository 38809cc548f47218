"""Signals: a sweep that is told to stop does so at the next chunk, a second Ctrl-C at once."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A sweep was told to stop, and what it had done was saved.

    Attributes:
        status: The exit status that says so: 130 after SIGINT, 143 after SIGTERM.
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


@contextlib.contextmanager
def listening() -> Iterator[Stop]:
    """Takes SIGINT and SIGTERM as a wish to stop, for the length of a with block.

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
    handlers = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
    wakeup = signal.set_wakeup_fd(sender.fileno())
    watcher = threading.Thread(target=_watch, args=(receiver, stop), daemon=True)
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


def _watch(receiver: socket.socket, stop: Stop) -> None:
    """Notes the signals that come, until the other end is closed."""
    while data := receiver.recv(64):
        for number in data:
            if stop and number == signal.SIGINT:
                os.write(2, b"\nstopped at once\n")
                os._exit(128 + number)
            if number in _SIGNALS and not stop:
                stop.number = number
                os.write(2, b"\nstopping after this chunk; Ctrl-C again stops at once\n")
