"""Taking turns: one thread computes, the others wait until its turn is over."""

from __future__ import annotations

from threading import Event, Thread

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
        assert turn._lock.locked()
