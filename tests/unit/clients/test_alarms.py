"""Alarms: each rings at its time, from one thread for all of them."""

from __future__ import annotations

from contextlib import closing
from threading import Event, enumerate

from app.clients.alarms import Alarms

PATIENCE = 10.0


def test_the_earlier_one_rings_first_whenever_it_was_set() -> None:
    rung, over = list[str](), Event()
    with closing(Alarms()) as alarms:
        alarms.set(0.05, lambda: (rung.append("late"), over.set()))
        alarms.set(0.01, lambda: rung.append("early"))
        assert over.wait(PATIENCE)
    assert rung == ["early", "late"]


def test_one_that_is_off_stays_silent() -> None:
    rung, over = list[str](), Event()
    with closing(Alarms()) as alarms:
        alarms.set(0.01, lambda: rung.append("off")).off()
        alarms.set(0.03, over.set)
        assert over.wait(PATIENCE)
        assert rung == []
        alarms.set(PATIENCE, over.set)
        assert len([each for each in enumerate() if each is alarms._thread]) == 1
    assert alarms._thread is not None
    alarms._thread.join(PATIENCE)
    assert not alarms._thread.is_alive()
