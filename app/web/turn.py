"""Taking turns: a process has many threads to wait for slow callers, and one that computes.

Reading a body waits for its sender, so many threads do that side by side (ADR 13). Deciding is pure
computing: two threads of one process would only take the interpreter from each other. A call whose
last commit is under way waits for a disk or another machine, so its turn is over by then.

Calls that have waited for a slow EHR come back many at once; they stand behind those that waited for
nobody, but not for long. What sends their queries and reads the answers works beside the turn, one
thread at a time, in pieces that begin while nobody has the turn (ADR 16).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock, get_ident

PATIENCE = 0.25
"""Seconds that a call which has waited for others stands behind fresh ones, at most."""
COURTESY = 0.05
"""Seconds that a piece of work beside the turn waits for whoever computes, at most."""


class Turn:
    """One for each process: `with turn:` waits until nobody else computes. Not reentrant."""

    def __init__(self) -> None:
        guard = Lock()
        self._fresh, self._patient = Condition(guard), Condition(guard)
        self._beside = Condition(guard)
        self._waiting = 0
        self._behind = 0
        self._holder = 0
        self._aside = 0
        self._returned = False

    def __enter__(self) -> Turn:
        with self._fresh:
            self._take()
            self._returned = False
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
                self._return()

    def pause(self) -> None:
        """A place where a call that has been away lets those go first who waited for nobody."""
        if self._returned and self._waiting and self._holder == get_ident():
            self.over()
            self._return()

    def _return(self) -> None:
        with self._patient:
            self._behind += 1
            self._patient.wait_for(lambda: not (self._holder or self._waiting), PATIENCE)
            self._behind -= 1
            self._take()
            self._returned = True

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
                self._next()

    def come(self) -> None:
        """Begin a piece of work beside the turn, when nobody computes or after a short while.

        Nothing happens when this thread has begun already.
        """
        if self._aside != get_ident():
            with self._beside:
                self._beside.wait_for(lambda: not (self._busy() or self._aside), COURTESY)
                self._aside = get_ident()

    def go(self) -> None:
        """End the piece of work; nothing happens when another thread has begun one since."""
        if self._aside == get_ident():
            with self._beside:
                self._aside = 0
                if not self._busy():
                    self._beside.notify()

    def _busy(self) -> bool:
        return bool(self._holder or self._waiting)

    def _next(self) -> None:
        if self._waiting:
            self._fresh.notify()
        elif self._behind:
            self._patient.notify()
        else:
            self._beside.notify()
