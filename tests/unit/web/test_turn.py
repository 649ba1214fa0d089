"""Taking turns: one thread computes, the others wait until its turn is over."""

from __future__ import annotations

import time
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
    turn, order, away, back = Turn(), list[str](), list[str](), Event()

    def go_away(name: str) -> None:
        with turn:
            with turn.away():
                away.append(name)
                back.wait(PATIENCE)
            order.append(name)

    def take(name: str) -> None:
        with turn:
            order.append(name)

    waiting = [Thread(target=go_away, args=(f"waited {n}",)) for n in range(2)]
    fresh = [Thread(target=take, args=(f"fresh {n}",)) for n in range(2)]
    for thread in waiting:
        thread.start()
    while len(away) < 2:
        time.sleep(0.001)
    with turn:
        back.set()
        for thread in fresh:
            thread.start()
        while len(turn._patient._waiters) < 2 or len(turn._fresh._waiters) < 2:  # type: ignore[attr-defined]
            time.sleep(0.001)
    for thread in (*waiting, *fresh):
        thread.join(PATIENCE)
    assert [name.split()[0] for name in order] == ["fresh", "fresh", "waited", "waited"]


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    turn, gone, back = Turn(), Event(), Event()

    def other() -> None:
        with turn, turn.away():
            gone.set()
            back.wait(PATIENCE)

    waiting = Thread(target=other)
    waiting.start()
    assert gone.wait(PATIENCE)
    with turn:
        back.set()
        while turn._waiting == 0:  # it has joined those who wait for nobody
            time.sleep(0.001)
    waiting.join(PATIENCE)
    assert turn._holder == 0


def test_a_thread_without_a_turn_has_none_after_it_was_away() -> None:
    turn = Turn()
    with turn.away():
        pass
    assert turn._holder == 0


def test_a_call_that_was_away_pauses_for_who_waited_for_nobody() -> None:
    turn, order, away, back = Turn(), list[str](), Event(), Event()

    def one() -> None:
        with turn:
            with turn.away():
                away.set()
                back.wait(PATIENCE)
            fresh.start()
            while turn._waiting == 0:
                time.sleep(0.001)
            turn.pause()
            order.append("waited")

    def other() -> None:
        with turn:
            order.append("fresh")

    fresh, waiting = Thread(target=other), Thread(target=one)
    waiting.start()
    assert away.wait(PATIENCE)
    back.set()
    waiting.join(PATIENCE)
    fresh.join(PATIENCE)
    assert order == ["fresh", "waited"]


def test_a_call_that_was_never_away_does_not_pause() -> None:
    turn = Turn()
    with turn:
        fresh = Thread(target=lambda: turn.__enter__().over())
        fresh.start()
        while turn._waiting == 0:
            time.sleep(0.001)
        turn.pause()
        assert turn._holder == get_ident()
    fresh.join(PATIENCE)


def test_work_beside_the_turn_begins_when_nobody_computes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "COURTESY", PATIENCE)
    turn, begun = Turn(), Event()
    beside = Thread(target=lambda: (turn.come(), begun.set(), turn.go()))
    with turn:
        beside.start()
        while not turn._beside._waiters:  # type: ignore[attr-defined]
            time.sleep(0.001)
        assert not begun.is_set()
    assert begun.wait(PATIENCE / 2)
    beside.join(PATIENCE)


def test_courtesy_has_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "COURTESY", 0.01)
    turn = Turn()
    with turn:
        beside = Thread(target=turn.come)
        beside.start()
        beside.join(PATIENCE)
        assert not beside.is_alive()


def test_a_piece_that_is_done_lets_the_next_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "COURTESY", PATIENCE)
    turn = Turn()
    turn.come()
    turn.come()  # it has begun: nothing to wait for
    other = Thread(target=lambda: (turn.come(), turn.go()))
    other.start()
    while not turn._beside._waiters:  # type: ignore[attr-defined]
        time.sleep(0.001)
    turn.go()
    other.join(PATIENCE / 2)
    assert not other.is_alive() and turn._aside == 0
