"""The payer's own system: what is asked, what an answer means, and that unclear is never no."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest

from app.clients.eligibility import MOST_BYTES, EligibilitySystem
from app.clients.guard import GuardedClient
from app.clients.policy import OutboundPolicy
from app.determine.eligibility import Payer
from app.domain.coverage import Coverage, EligibilityProblem, NotEligible
from app.domain.values import Identifier, Period
from app.errors import BadSetting, Unavailable
from app.flows.eligibility import AskedMembers, StoredMembers, eligibility_source
from app.settings import Settings
from app.store import Store
from tests.unit.eligibility.stories import MA, MEMBER_SYSTEM, ROSA, TODAY, named, request

ROW = {
    "memberId": "FW100001",
    "memberSystem": MEMBER_SYSTEM,
    "family": "Delgado",
    "given": "Rosa",
    "birthDate": "1948-03-14",
    "gender": "female",
    "language": "es",
    "state": "OH",
    "plan": "FW-MA-01",
    "start": "2024-01-01",
    "subscriberId": "S1",
    "group": "G1",
    "order": 1,
    "used": [{"limit": "visits", "amount": "12.5", "year": 2026}],
    "tags": ["esrd"],
    "otherNumbers": [{"system": "mbi", "value": "1EG4"}],
}
PLANS = {MA.id: MA}


def answers(*contents: Any, status: str = "200 OK") -> Callable[[socket.socket, bytes], None]:
    """Each content in turn, the last one again and again; bytes go out as they are."""
    left = list(contents)

    def answer(connection: socket.socket, _head: bytes) -> None:
        content = left.pop(0) if len(left) > 1 else left[0]
        if content is None:
            connection.shutdown(socket.SHUT_RDWR)
            return
        line, body = status, content
        if isinstance(content, tuple):
            line, body = content
        body = body if isinstance(body, bytes) else orjson.dumps(body)
        head = f"HTTP/1.1 {line}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    return answer


@contextmanager
def asked(url: str, timeout: float = 5.0) -> Iterator[AskedMembers]:
    with closing(GuardedClient(OutboundPolicy.own_system(url))) as client:
        yield AskedMembers(EligibilitySystem(client, f"{url}/find", timeout, PLANS.get))


def test_a_row_of_the_system_becomes_the_coverage(peer) -> None:
    one = peer(answers({"coverages": [ROW]}))
    with asked(one.url) as source:
        found = source.find(request(), TODAY)
    assert isinstance(found, Coverage)
    assert (found.member_id, found.plan, found.period) == (
        "FW100001",
        MA,
        Period(date(2024, 1, 1), None),
    )
    assert (found.language, found.subscriber_id, found.tags) == ("es", "S1", {"esrd"})
    assert found.used[0].amount == Decimal("12.5") and found.details["group"] == "G1"


def test_the_question_holds_no_more_than_is_needed(peer) -> None:
    one = peer(answers({"coverages": []}))
    with asked(one.url) as source:
        source.find(request(), TODAY)
    head, _, body = one.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /find HTTP/1.1") and b"application/json" in head
    assert orjson.loads(body) == {
        "numbers": [{"system": MEMBER_SYSTEM, "value": "FW100001", "memberNumber": True}],
        "family": "Delgado",
        "given": "Rosa",
        "birthDate": "1948-03-14",
        "serviceDays": ["2026-11-25"],
    }


def test_no_rows_mean_that_the_number_is_nobodys(peer) -> None:
    with asked(peer(answers({"coverages": []})).url) as source:
        found = source.find(request(), TODAY)
    assert found == NotEligible(EligibilityProblem.MEMBER_NOT_FOUND, "urn:coverage#identifier")


def test_the_choice_is_the_same_as_for_stored_members(peer) -> None:
    """A row that contradicts the request is a mismatch, whoever found it."""
    with asked(peer(answers({"coverages": [ROW]})).url) as source:
        stranger = request(named(ROSA, birth_date=date(1950, 1, 1)))
        assert isinstance(source.find(stranger, TODAY), NotEligible)


def test_the_system_may_say_who_the_payer_is(peer) -> None:
    us = {"name": "Us", "identifiers": [{"system": "npi", "value": "1"}]}
    with asked(peer(answers({"coverages": [ROW], "payers": [us]})).url) as source:
        found = source.find(request(), TODAY)
        assert isinstance(found, NotEligible)
        assert found.problem is EligibilityProblem.WRONG_PAYER
        assert source.system.ask(request(), TODAY).payers == (
            Payer("Us", (Identifier("npi", "1"),)),
        )


def broken(**changes: Any) -> dict[str, Any]:
    return {"coverages": [{**ROW, **changes}]}


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"",
        [],
        {},
        {"coverages": {}},
        {"coverages": ["x"]},
        {"coverages": [], "payers": [{}]},
        broken(memberId=""),
        broken(memberId=7),
        broken(family=None),
        broken(birthDate=None),
        broken(birthDate="14.3.1948"),
        broken(start="soon"),
        broken(plan="P9"),
        broken(order="1"),
        broken(used=[{"limit": "visits"}]),
        broken(used=[{"limit": "visits", "amount": "x", "year": 2026}]),
        broken(used=[{"limit": "visits", "amount": -1, "year": 2026}]),
        broken(tags="esrd"),
        {"coverages": [], "extra": "x" * MOST_BYTES},
    ],
)
def test_an_answer_that_breaks_the_contract_is_no_answer(peer, content: Any) -> None:
    with asked(peer(answers(content)).url) as source, pytest.raises(Unavailable) as fault:
        source.find(request(), TODAY)
    assert "Delgado" not in str(fault.value) and "FW100001" not in str(fault.value)


@pytest.mark.parametrize("status", ["404 Not Found", "400 Bad", "302 Go", "500 Oops", "204 None"])
def test_only_200_is_an_answer(peer, status: str) -> None:
    with (
        asked(peer(answers({"coverages": [ROW]}, status=status)).url) as source,
        pytest.raises(Unavailable),
    ):
        source.find(request(), TODAY)


@pytest.mark.parametrize("first", [None, ("503 Busy", b""), ("500 Oops", b"{}"), b"not http"])
def test_a_failure_is_tried_once_more(peer, first: Any) -> None:
    one = peer(answers(first, {"coverages": [ROW]}))
    if first == b"not http":
        one = peer(answers(None, {"coverages": [ROW]}))
    with asked(one.url) as source:
        assert isinstance(source.find(request(), TODAY), Coverage)
    assert len(one.requests) == 2


def test_a_refusal_is_not_tried_again(peer) -> None:
    one = peer(answers(("403 No", b"")))
    with asked(one.url) as source, pytest.raises(Unavailable, match="403"):
        source.find(request(), TODAY)
    assert len(one.requests) == 1


def test_a_silent_system_is_unavailable_within_the_time(peer) -> None:
    one = peer(lambda _connection, _head: None)
    with asked(one.url, timeout=0.4) as source, pytest.raises(Unavailable, match="timeout"):
        source.find(request(), TODAY)
    assert len(one.requests) == 2


def test_the_settings_choose_the_side_of_the_door(tmp_path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    plain = Settings(database_url="sqlite:////x")
    assert isinstance(eligibility_source(plain, store, PLANS.get), StoredMembers)
    local = replace(plain, eligibility_url="http://127.0.0.1:9/find")
    assert isinstance(eligibility_source(local, store, PLANS.get), AskedMembers)
    for url in ("http://eligibility.payer.example", "https://user:pw@payer.example"):
        with pytest.raises(BadSetting, match="FORTHWITH_ELIGIBILITY_URL"):
            eligibility_source(replace(plain, eligibility_url=url), store, PLANS.get)
