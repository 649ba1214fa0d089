"""Taking turns: a process has many threads to wait for slow callers, and one that computes.

Reading a body waits for its sender, so many threads do that side by side (ADR 13). Deciding is pure
computing: two threads of one process would only take the interpreter from each other. A call whose
last commit is under way waits for a disk or another machine, so its turn is over by then.

Calls that have waited for a slow EHR come back many at once; they stand behind those that waited for
nobody (ADR 16), but not for long.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock, get_ident

PATIENCE = 0.25
"""Seconds that a call which has waited for others stands behind fresh ones, at most."""


class Turn:
    """One for each process: `with turn:` waits until nobody else computes. Not reentrant."""

    def __init__(self) -> None:
        guard = Lock()
        self._fresh, self._patient = Condition(guard), Condition(guard)
        self._waiting = 0
        self._holder = 0

    def __enter__(self) -> Turn:
        with self._fresh:
            self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self.over()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let others compute until the block ends; then stand behind those who waited for nobody.

        Nothing happens when this thread has no turn.
        """
        held = self._holder == get_ident()
        self.over()
        try:
            yield
        finally:
            if held:
                with self._patient:
                    self._patient.wait_for(lambda: not (self._holder or self._waiting), PATIENCE)
                    self._take()

    def _take(self) -> None:
        """With the guard held: wait until nobody computes, and be the one who does."""
        self._waiting += 1
        try:
            while self._holder:
                self._fresh.wait()
        finally:
            self._waiting -= 1
        self._holder = get_ident()

    def over(self) -> None:
        """Let the next one compute; nothing happens when this thread's turn is over already."""
        if self._holder == get_ident():
            with self._fresh:
                self._holder = 0
                if self._waiting:
                    self._fresh.notify()
                else:
                    self._patient.notify()
