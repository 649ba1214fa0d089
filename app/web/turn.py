"""Taking turns: a process has many threads to wait for slow callers, and one that computes.

Reading a body waits for its sender, so many threads do that side by side (ADR 13). Deciding is pure
computing: two threads of one process would only take the interpreter from each other.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from threading import Lock

Turn = AbstractContextManager[bool]


def new_turn() -> Turn:
    """One for each process."""
    return Lock()
