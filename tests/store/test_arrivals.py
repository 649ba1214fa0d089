"""What arrived in a demo is kept for who sent it, the newest only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.clock import moment
from app.store import Arrival, Store
from app.store.arrivals import KEPT

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)


def arrival(submitter: str, number: int) -> Arrival:
    refusal = ("error", "missing", "Bundle.entry[0]", "add it")
    return Arrival(
        moment().new_id(),
        NOW + timedelta(milliseconds=number),
        submitter,
        f"/fhir/2.2/Claim/$submit?{number}",
        400,
        3,
        (refusal,),
        b'{"sent": 1}',
        b'{"answered": 1}',
    )


def test_only_the_newest_of_each_submitter_stay(store: Store) -> None:
    with store.write("t") as work:
        work.arrivals.add(arrival("other", 0))
        for number in range(KEPT + 3):
            work.arrivals.add(arrival("mine", number))
        work.arrivals.trim("mine")
    with store.read("t") as look:
        mine, others = look.arrivals.newest("mine"), look.arrivals.newest("other")
        assert [each.path.rpartition("?")[2] for each in mine[:2]] == [str(KEPT + 2), str(KEPT + 1)]
        assert len(mine) == KEPT and len(others) == 1
        assert mine[0].request == b'{"sent": 1}' and mine[0].answer == b'{"answered": 1}'
        assert mine[0].refusals == (("error", "missing", "Bundle.entry[0]", "add it"),)
        assert look.arrivals.one("other", mine[0].id) is None
    with store.read("another tenant") as look:
        assert look.arrivals.newest("mine") == []
    with store.write("t") as work:
        assert work.arrivals.forget() == KEPT + 1
