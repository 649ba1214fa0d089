"""The EHR's server is asked within its leave and its time; no answer is never "nothing there"."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from app.clients import ehr as module
from app.clients.ehr import EhrClient, outbound
from app.clients.policy import CallFailed, Origin
from app.domain.ehr import EhrAccess, EhrServer, Fetched, Missing, NotFetched, Scopes
from tests.ehr_double import ALL, TOKEN, Ehr, ehr

PATIENT = {"resourceType": "Patient", "id": "p1"}
COVERAGE = {"resourceType": "Coverage", "id": "c1", "beneficiary": {"reference": "Patient/p1"}}
OBSERVATIONS = [
    {"resourceType": "Observation", "id": f"o{n}", "subject": {"reference": "Patient/p1"}}
    for n in range(5)
]


@contextmanager
def asking(one: Ehr, batch: bool = False) -> Iterator[EhrClient]:
    with closing(EhrClient(lambda: [EhrServer(one.base, batch)])) as client:
        yield client


def access(one: Ehr, scope: str = ALL, token: str = TOKEN) -> EhrAccess:
    return EhrAccess(one.base, token, Scopes.of(scope))


def ids(found: Any) -> list[str]:
    assert isinstance(found, Fetched), found
    return [each["id"] for each in found.resources]


@pytest.mark.parametrize("batch", [False, True])
def test_reads_and_searches_come_back_by_their_query(batch: bool) -> None:
    queries = ["Patient/p1", "Coverage?patient=p1&status=active", "Observation?patient=p1"]
    with ehr(PATIENT, COVERAGE, *OBSERVATIONS) as one, asking(one, batch) as client:
        found = client.fetch(access(one), queries, 5)
    assert list(found) == queries
    assert [len(ids(found[each])) for each in queries] == [1, 1, 5]
    assert one.batches == int(batch)


def test_nothing_there_is_an_answer_and_a_refusal_is_none() -> None:
    queries = ["Patient/p2", "Device?_id=d1", "Coverage/c1", "Observation/o1", "Condition/k1"]
    with (
        ehr(
            COVERAGE,
            refuses=frozenset({"Coverage"}),
            complains=frozenset({"Observation"}),
            fails=frozenset({"Condition"}),
        ) as one,
        asking(one) as client,
    ):
        found = client.fetch(access(one), queries, 5)
    assert list(found.values()) == [
        Fetched(),
        Fetched(),
        NotFetched(Missing.REFUSED, 403),
        NotFetched(Missing.REFUSED, 200),
        NotFetched(Missing.REFUSED, 500),
    ]


def test_pages_are_followed_and_a_limit_is_told() -> None:
    many = [
        {"resourceType": "Observation", "id": f"o{n}", "subject": {"reference": "Patient/p1"}}
        for n in range(module.MOST_PAGES * 2 + 1)
    ]
    with ehr(*many, page=3) as one, asking(one) as client:
        whole = client.fetch(access(one), ["Observation?patient=p1"], 5)
        one.mood.page = 2
        cut = client.fetch(access(one), ["Observation?patient=p1"], 5)
    (found,), (part,) = whole.values(), cut.values()
    assert isinstance(found, Fetched) and isinstance(part, Fetched)
    assert (len(found.resources), found.complete) == (len(many), True)
    assert (len(part.resources), part.complete) == (module.MOST_PAGES * 2, False)


def test_a_next_page_elsewhere_is_not_followed_with_the_token(peer) -> None:
    def answer(connection, _head) -> None:
        body = (
            b'{"resourceType":"Bundle","entry":[],'
            b'"link":[{"relation":"next","url":"https://evil.example/fhir/Patient?x=1"}]}'
        )
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    one = peer(answer)
    with closing(EhrClient(lambda: [EhrServer(f"{one.url}/fhir")])) as client:
        asked = EhrAccess(f"{one.url}/fhir", TOKEN, Scopes.of(ALL))
        (found,) = client.fetch(asked, ["Patient?name=x"], 5).values()
    assert found == Fetched(complete=False)
    asked_for = [each.split()[1] for each in one.requests]
    assert asked_for == [b"/fhir/metadata", b"/fhir/Patient?name=x"]
    assert TOKEN.encode() not in one.requests[0], "what a server can do is public"


def test_only_granted_types_are_asked_for() -> None:
    scope = "user/Patient.read patient/Observation.rs?category=vital-signs user/Coverage.s launch"
    queries = ["Patient/p1", "Observation?patient=p1", "Coverage/c1", "Device/d1"]
    with ehr(PATIENT, COVERAGE, *OBSERVATIONS) as one, asking(one) as client:
        found = client.fetch(access(one, scope), queries, 5)
    assert [type(each) for each in found.values()] == [Fetched, Fetched, NotFetched, NotFetched]
    assert found["Device/d1"] == NotFetched(Missing.NOT_GRANTED)
    assert sorted(one.asked) == ["Observation?patient=p1", "Patient/p1"]


@pytest.mark.parametrize(
    "query",
    [
        "Patient/../Coverage/c1",
        "Patient/..",
        "metadata",
        "Patient/p1/$everything",
        "Patient?name=a b",
        "Patient?name=a#b",
        "https://evil.example/Patient/p1",
        "//evil.example/Patient",
        "Patient/p1\r\nX: y",
        "",
    ],
)
def test_what_is_no_plain_read_or_search_is_not_sent(query: str) -> None:
    with ehr(PATIENT) as one, asking(one) as client:
        assert client.fetch(access(one), [query], 5) == {query: NotFetched(Missing.BAD_QUERY)}
    assert one.asked == []


def test_a_server_that_nobody_registered_is_not_called() -> None:
    with ehr(PATIENT) as one, closing(EhrClient(lambda: [])) as client:
        (found,) = client.fetch(access(one), ["Patient/p1"], 5).values()
    assert found == NotFetched(Missing.NOT_REGISTERED)
    assert one.asked == []


def test_another_path_of_a_registered_server_is_not_called() -> None:
    with ehr(PATIENT) as one, closing(EhrClient(lambda: [EhrServer(f"{one.base}/a")])) as client:
        (found,) = client.fetch(access(one), ["Patient/p1"], 5).values()
        elsewhere = EhrAccess(f"{one.base}/ab", TOKEN, Scopes.of(ALL))
        (other,) = client.fetch(elsewhere, ["Patient/p1"], 5).values()
    assert found == other == NotFetched(Missing.NOT_REGISTERED)
    assert one.asked == []


def test_a_registered_name_that_leads_inside_is_refused() -> None:
    policy = outbound([EhrServer("https://ehr.example/fhir"), EhrServer("http://127.0.0.1:9/fhir")])
    inside = EhrServer("https://ehr.example/fhir")
    for address in ("10.0.0.1", "127.0.0.1", "192.168.1.1", "169.254.169.254", "::1"):
        with pytest.raises(CallFailed):
            policy.check_address(Origin.of(inside.base), ipaddress.ip_address(address))
    policy.check_address(Origin.of("http://127.0.0.1:9"), ipaddress.ip_address("127.0.0.1"))


@pytest.mark.parametrize("missing", ["base", "token"])
def test_without_server_or_token_nothing_is_asked(missing: str) -> None:
    with ehr(PATIENT) as one, asking(one) as client:
        wanted = EhrAccess(
            "" if missing == "base" else one.base,
            "" if missing == "token" else TOKEN,
            Scopes.of(ALL),
        )
        assert client.fetch(wanted, ["Patient/p1"], 5) == {
            "Patient/p1": NotFetched(Missing.NO_TOKEN)
        }
        assert client.fetch(None, ["Patient/p1"], 5) == {"Patient/p1": NotFetched(Missing.NO_TOKEN)}
    assert one.asked == []


def test_a_token_that_the_server_does_not_know_is_a_refusal() -> None:
    with ehr(PATIENT) as one, asking(one) as client:
        found = client.fetch(access(one, token="another"), ["Patient/p1", "Patient/p2"], 5)
    assert set(found.values()) == {NotFetched(Missing.REFUSED, 401)}


def test_all_queries_run_at_once() -> None:
    queries = [f"Observation/o{n}" for n in range(8)]
    with ehr(*OBSERVATIONS, seconds=0.2) as one, asking(one) as client:
        start = time.monotonic()
        found = client.fetch(access(one), queries, 5)
        took = time.monotonic() - start
    assert one.most_at_once == 8
    assert took < 0.8
    assert [type(each) for each in found.values()] == [Fetched] * 8


def test_the_deadline_holds_and_what_came_in_time_is_kept() -> None:
    with ehr(PATIENT, COVERAGE) as one, asking(one) as client:
        client.fetch(access(one), ["Patient/p1"], 5)
        one.mood.seconds = 3
        start = time.monotonic()
        found = client.fetch(access(one), ["Patient/p1", "Coverage/c1"], 0.3)
        took = time.monotonic() - start
    assert set(found.values()) == {NotFetched(Missing.TIMEOUT)}
    assert took < 0.6


def test_a_server_that_takes_no_batch_is_asked_one_by_one() -> None:
    with ehr(PATIENT, COVERAGE, takes_batches=False) as one, asking(one, batch=True) as client:
        found = client.fetch(access(one), ["Patient/p1", "Coverage/c1"], 5)
    assert [ids(each) for each in found.values()] == [["p1"], ["c1"]]


def test_a_batch_with_more_pages_is_completed_by_search() -> None:
    with ehr(PATIENT, *OBSERVATIONS, page=2) as one, asking(one, batch=True) as client:
        found = client.fetch(access(one), ["Patient/p1", "Observation?patient=p1"], 5)
    assert len(ids(found["Observation?patient=p1"])) == 5
    assert one.batches == 1


def test_an_answer_that_breaks_off_is_none() -> None:
    with ehr(PATIENT, breaks_off=frozenset({"Patient/p1"})) as one, asking(one) as client:
        (found,) = client.fetch(access(one), ["Patient/p1"], 5).values()
    assert isinstance(found, NotFetched)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"null", b'{"resourceType":"Patient","id":"other"}', b"[" * 100 + b"]" * 100],
)
def test_an_answer_that_is_not_what_was_asked_for_is_none(peer, body: bytes) -> None:
    one = peer(
        lambda connection, _: connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
    )
    with closing(EhrClient(lambda: [EhrServer(one.url)])) as client:
        asked = EhrAccess(one.url, TOKEN, Scopes.of(ALL))
        (found,) = client.fetch(asked, ["Patient/p1"], 5).values()
    assert found == NotFetched(Missing.UNREADABLE, 200)


def test_an_answer_over_the_limit_is_not_read(peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    one = peer(lambda connection, _: connection.sendall(head + b" " * 5000))
    with closing(EhrClient(lambda: [EhrServer(one.url)])) as client:
        asked = EhrAccess(one.url, TOKEN, Scopes.of(ALL))
        (found,) = client.fetch(asked, ["Patient/p1"], 5).values()
    assert found == NotFetched(Missing.TOO_LARGE)


def test_a_redirect_is_not_followed(peer) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n"
    one = peer(lambda connection, _: connection.sendall(head))
    with closing(EhrClient(lambda: [EhrServer(one.url)])) as client:
        asked = EhrAccess(one.url, TOKEN, Scopes.of(ALL))
        (found,) = client.fetch(asked, ["Patient/p1"], 5).values()
    assert found == NotFetched(Missing.UNREADABLE, 302)


def test_a_slow_server_holds_only_so_many_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PER_SERVER", 2)
    with (
        ehr(PATIENT, seconds=1.0) as slow,
        ehr(PATIENT) as quick,
        closing(EhrClient(lambda: [EhrServer(slow.base), EhrServer(quick.base)])) as client,
    ):
        waiting = [
            threading.Thread(target=client.fetch, args=(access(slow), ["Patient/p1"], 5))
            for _ in range(2)
        ]
        for each in waiting:
            each.start()
        while slow.now < 2:
            time.sleep(0.01)
        start = time.monotonic()
        third = client.fetch(access(slow), ["Patient/p1"], 5)
        other = client.fetch(access(quick), ["Patient/p1"], 5)
        took = time.monotonic() - start
        for each in waiting:
            each.join()
        again = client.fetch(access(slow), ["Patient/p1"], 5)
    assert third == {"Patient/p1": NotFetched(Missing.BUSY)}
    assert ids(other["Patient/p1"]) == ids(again["Patient/p1"]) == ["p1"]
    assert took < 0.8


def test_the_token_is_never_shown() -> None:
    assert TOKEN not in repr(EhrAccess("https://ehr.example", TOKEN, Scopes.of(ALL)))


@pytest.mark.parametrize(
    ("scope", "read", "search"),
    [
        ("user/Patient.read", True, True),
        ("patient/*.read", True, True),
        ("user/*.*", True, True),
        ("system/Patient.rs", True, True),
        ("user/Patient.r", True, False),
        ("user/Patient.cruds", True, True),
        ("user/Patient.write", False, False),
        ("user/Coverage.read", False, False),
        ("Patient.read openid launch/patient", False, False),
        ("", False, False),
    ],
)
def test_both_spellings_of_a_scope_are_read(scope: str, read: bool, search: bool) -> None:
    granted = Scopes.of(scope)
    assert granted.allow("Patient", search=False) is read
    assert granted.allow("Patient", search=True) is search
