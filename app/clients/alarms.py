"""One thread that ends calls whose time is over, however many there are.

A timer of its own for each call would be a thread of its own for each call: starting it costs more
than sending the call does, and hundreds of them at once take the interpreter from who computes.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count


@dataclass(order=True, slots=True)
class Alarm:
    """Rings at `at` (of the monotonic clock) unless it was put off; `number` tells equals apart."""

    at: float
    number: int
    ring: Callable[[], None] | None = field(compare=False)

    def off(self) -> None:
        """Not to ring any more."""
        self.ring = None


class Alarms:
    """Alarms of one client. The thread starts with the first one, and ends with `close`."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._waiting: list[Alarm] = []
        self._numbers = count()
        self._thread: threading.Thread | None = None
        self._closed = False

    def set(self, seconds: float, ring: Callable[[], None]) -> Alarm:
        """Have `ring` called after `seconds`, from another thread; it must not take long."""
        alarm = Alarm(time.monotonic() + seconds, next(self._numbers), ring)
        with self._change:
            heapq.heappush(self._waiting, alarm)
            if self._thread is None or not self._thread.is_alive():  # a fork takes no threads along
                self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
                self._thread.start()
            elif self._waiting[0] is alarm:
                self._change.notify()
        return alarm

    def close(self) -> None:
        """End the thread; nothing rings any more."""
        with self._change:
            self._closed = True
            self._change.notify()

    def _run(self) -> None:
        while alarm := self._next():
            ring = alarm.ring
            if ring is not None:
                ring()

    def _next(self) -> Alarm | None:
        """Wait until the time of one has come; None when closed."""
        with self._change:
            while not self._closed:
                while self._waiting and self._waiting[0].ring is None:
                    heapq.heappop(self._waiting)
                left = self._waiting[0].at - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._waiting)
                self._change.wait(left)
        return None
