"""Taking turns: one thread computes, the others wait until its turn is over."""

from __future__ import annotations

from threading import Event, Thread, get_ident

import pytest

from app.web import turn as turns
from app.web.turn import Turn

PATIENCE = 10.0


def test_one_thread_computes_until_its_turn_is_over() -> None:
    turn, computing = Turn(), Event()

    def other() -> None:
        with turn:
            computing.set()

    waiting = Thread(target=other)
    with turn:
        waiting.start()
        assert not computing.wait(0.05)
        turn.over()
        assert computing.wait(PATIENCE)  # though this block goes on
    waiting.join(PATIENCE)
    with turn:  # leaving a block whose turn was over has not given up a turn of somebody else
        pass


def test_a_thread_without_a_turn_cannot_end_that_of_another() -> None:
    turn = Turn()
    with turn:
        stranger = Thread(target=turn.over)
        stranger.start()
        stranger.join(PATIENCE)
        assert turn._holder == get_ident()


def test_who_waited_for_others_stands_behind_who_did_not() -> None:
    turn, order = Turn(), list[str]()

    def take(name: str, waited: bool) -> None:
        with turn(waited=waited):
            order.append(name)

    threads = [Thread(target=take, args=(f"waited {n}", True)) for n in range(2)]
    threads += [Thread(target=take, args=(f"fresh {n}", False)) for n in range(2)]
    with turn:
        for thread in threads:
            thread.start()
        while len(turn._patient._waiters) < 2 or len(turn._fresh._waiters) < 2:  # type: ignore[attr-defined]
            pass
    for thread in threads:
        thread.join(PATIENCE)
    assert [name.split()[0] for name in order] == ["fresh", "fresh", "waited", "waited"]


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    turn, computing = Turn(), Event()

    def other() -> None:
        with turn(waited=True):
            computing.set()

    waiting = Thread(target=other)
    with turn:
        waiting.start()
        while turn._waiting == 0:  # it has joined those who wait for nobody
            pass
    assert computing.wait(PATIENCE)
    waiting.join(PATIENCE)
