"""When a process of the background ends: on a signal, or together with the process that started it."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import parent_process


def until_told() -> threading.Event:
    """An event that SIGINT, SIGTERM or the end of the parent sets; call it in the main thread."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_stop_with, args=(parent.pid, stop), daemon=True).start()
    return stop


def _stop_with(parent: int | None, stop: threading.Event) -> None:
    """The web server's workers inherit the pipe that would tell, and may outlive their parent."""
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
