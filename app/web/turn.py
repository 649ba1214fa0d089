"""Taking turns: a process has many threads to wait for slow callers, and one that computes.

Reading a body waits for its sender, so many threads do that side by side (ADR 13). Deciding is pure
computing: two threads of one process would only take the interpreter from each other. A call whose
last commit is under way waits for a disk or another machine, so its turn is over by then.
"""

from __future__ import annotations

from threading import Lock, get_ident


class Turn:
    """One for each process: `with turn:` waits until nobody else computes. Not reentrant."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._holder = 0

    def __enter__(self) -> Turn:
        self._lock.acquire()
        self._holder = get_ident()
        return self

    def __exit__(self, *_: object) -> None:
        self.over()

    def over(self) -> None:
        """Let the next one compute; nothing happens when this thread's turn is over already."""
        if self._holder == get_ident():
            self._holder = 0
            self._lock.release()
