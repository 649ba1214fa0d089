"""Reads and searches on the EHR's FHIR server, with the token of one hook call, within that call.

What holds, each with a test in tests/unit/clients/test_ehr.py: only servers that the operator
registered, and only below their base; only types whose scope was granted; all queries at once, under
one deadline; pages are followed, up to a limit; sizes are limited; the token goes to that server
alone, and no answer is kept (CRD 2.2.1, sec-5 and sec-6) but for how the server spells searches.
What a search brings of other people is dropped: servers ignore parameters that they do not know.

A slow server holds up only its own callers: at most `PER_SERVER` calls of a process wait for one
server, and at most `IN_ALL` for all of them (docs/adr/0016). Whoever comes after that is told
`busy` at once, and answers with what the request brought along.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any
from urllib.parse import urljoin

import orjson

from app.clients.dialect import Dialect, dialect_of
from app.clients.guard import Alone, Courtesy, GuardedClient, Response, Timeout
from app.clients.policy import CallFailed, Origin, OutboundPolicy, Reason
from app.domain.ehr import EhrAccess, EhrServer, Fetched, Fetching, Missing, NotFetched
from app.sealed import sealed

AT_ONCE = 12
"""Connections of one hook call."""
PER_SERVER = 24
IN_ALL = 40
MOST_QUERIES = 40
MOST_PAGES = 5
MOST_RESOURCES = 500
MOST_BYTES = 4 * 1024 * 1024
MOST_DEPTH = 64
TRIES = 2
STATEMENT_SECONDS = 1.0
"""How long the first call waits to learn how a server spells searches."""
KEEP_DIALECT, ASK_AGAIN = 24 * 3600.0, 300.0
"""Seconds until a server is asked again how it spells, when it said so and when it did not."""

_READ = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_SEARCH = re.compile(r"([A-Z][A-Za-z]+)\?([A-Za-z0-9\-._~%!$&'()*+,;=:@/?|]{1,4000})")
_ABOUT = re.compile(r"(?:^|&)patient=(?:Patient/)?([A-Za-z0-9\-.]{1,64})(?:&|$)")
_PERSONS = ("subject", "patient", "beneficiary")
_REASONS = {
    Reason.REFUSED: Missing.NOT_REGISTERED,
    Reason.TIMEOUT: Missing.TIMEOUT,
    Reason.TOO_LARGE: Missing.TOO_LARGE,
    Reason.UNREADABLE: Missing.UNREADABLE,
}
_AGAIN = frozenset({Reason.UNREACHABLE, Reason.UNREADABLE})

Registered = Callable[[], Sequence[EhrServer]]
Json = Mapping[str, Any]


@sealed(frozen=True, slots=True)
class _Query:
    """One query as text, and what it asks for. `fhir_id` is empty for a search, `sent` is the text in
    the server's spelling, `patient` whom a search is about."""

    text: str
    kind: str
    fhir_id: str
    sent: str = ""
    patient: str = ""


@sealed(frozen=True, slots=True)
class _Visit:
    """One hook call's way to one server: until when, and with what leave."""

    server: EhrServer
    access: EhrAccess
    until: float

    @property
    def left(self) -> float:
        """Seconds until the deadline, never less than nothing."""
        return max(0.0, self.until - time.monotonic())


@dataclass(slots=True)
class _Seats:
    """How many calls of this process wait, for each server and in all."""

    taken: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    @contextmanager
    def seat(self, base: str) -> Iterator[bool]:
        """True when there was room; the place is given back at the end."""
        with self.lock:
            free = self.taken[base] < PER_SERVER and self.taken.total() < IN_ALL
            if free:
                self.taken[base] += 1
        try:
            yield free
        finally:
            if free:
                with self.lock:
                    self.taken[base] -= 1


@dataclass(slots=True)
class EhrClient:
    """Asks registered servers. Threads share it; `registered` is looked up for each hook call.

    Its many threads compute one at a time, by leave of `courtesy`.
    """

    registered: Registered
    courtesy: Courtesy = field(default_factory=Alone)
    _guard: GuardedClient = field(init=False)
    _seats: _Seats = field(default_factory=_Seats)
    _dialects: dict[str, tuple[float, Dialect]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The client for all servers; which of them may be called is said for each hook call."""
        self._guard = GuardedClient(outbound(()), courtesy=self.courtesy)

    def fetch(
        self, access: EhrAccess | None, queries: Sequence[str], seconds: float
    ) -> dict[str, Fetching]:
        """The answer of each query (`Patient/1`, `Coverage?patient=1`), after at most `seconds`.

        Never raises for what the other side does: a query without an answer says why.
        """
        self.courtesy.come()
        try:
            return self._fetch(access, queries, seconds)
        finally:
            self.courtesy.go()

    def _fetch(
        self, access: EhrAccess | None, queries: Sequence[str], seconds: float
    ) -> dict[str, Fetching]:
        asked = list(dict.fromkeys(queries))
        if access is None or not access.base or not access.token:
            return dict.fromkeys(asked, NotFetched(Missing.NO_TOKEN))
        servers = self.registered()
        base = access.base.rstrip("/")
        server = next((each for each in servers if each.holds(base)), None)
        if server is None:
            return dict.fromkeys(asked, NotFetched(Missing.NOT_REGISTERED))
        self._guard.policy = outbound(servers)
        visit = _Visit(EhrServer(base, server.batch), access, time.monotonic() + seconds)
        found, sendable = _sorted(asked, access)
        if sendable:
            with self._seats.seat(server.base) as free:
                if free:
                    found |= self._all(visit, sendable)
                else:
                    found |= {each.text: NotFetched(Missing.BUSY) for each in sendable}
        return {text: found[text] for text in asked}

    def close(self) -> None:
        """Close kept-alive connections."""
        self._guard.close()

    def _dialect(self, visit: _Visit) -> Dialect:
        """How this server spells searches, asked once a day; the standard way while nobody knows.

        One call asks, the others do not wait for it. A statement is public, so no token is sent.
        """
        base, now = visit.server.base, time.monotonic()
        until, known = self._dialects.get(base, (0.0, Dialect()))
        if now < until:
            return known
        self._dialects[base] = (now + ASK_AGAIN, known)
        limit = Timeout(min(visit.left, STATEMENT_SECONDS), read=min(visit.left, STATEMENT_SECONDS))
        try:
            answer = self._guard.request(
                "GET",
                f"{base}/metadata",
                headers={"Accept": "application/fhir+json"},
                body=b"",
                timeout=limit,
                max_bytes=MOST_BYTES,
            )
        except CallFailed:
            return known
        if answer.status == 200:
            known = dialect_of(_parsed(answer.body))
            self._dialects[base] = (now + KEEP_DIALECT, known)
        return known

    def _all(self, visit: _Visit, queries: Sequence[_Query]) -> dict[str, Fetching]:
        """All queries side by side; a batch first, where the server takes one."""
        found: dict[str, Fetching] = {}
        if any(not each.fhir_id for each in queries):
            dialect = self._dialect(visit)
            queries = [replace(each, sent=dialect.spelled(each.text)) for each in queries]
        if visit.server.batch and len(queries) > 1:
            found = self._batch(visit, queries)
        alone = [each for each in queries if each.text not in found]
        if len(alone) == 1:
            return found | {alone[0].text: self._one(visit, alone[0])}
        if alone:
            found |= self._side_by_side(visit, alone)
        return found

    def _side_by_side(self, visit: _Visit, queries: Sequence[_Query]) -> dict[str, Fetching]:
        pool = ThreadPoolExecutor(min(AT_ONCE, len(queries)), thread_name_prefix="ehr")
        try:
            tasks: dict[str, Future[Fetching]] = {
                each.text: pool.submit(self._one, visit, each) for each in queries
            }
            self.courtesy.go()
            wait(tasks.values(), timeout=visit.left)
            late = NotFetched(Missing.TIMEOUT)
            return {text: task.result() if task.done() else late for text, task in tasks.items()}
        finally:
            # what still runs ends at the same deadline by itself: nothing goes on behind the call
            pool.shutdown(wait=False, cancel_futures=True)

    def _one(self, visit: _Visit, query: _Query) -> Fetching:
        """One query, with its pages."""
        matching: list[Json] = []
        sent_along: list[Json] = []
        address = f"{visit.server.base}/{query.sent or query.text}"
        for _ in range(MOST_PAGES):
            answer = self._get(visit, address)
            if isinstance(answer, NotFetched):
                return answer
            self.courtesy.come()
            page = _page(answer.status, _parsed(answer.body), query)
            self.courtesy.go()
            if isinstance(page, NotFetched):
                return page
            matching += page.matching
            sent_along += page.included
            if not page.next:
                return Fetched(tuple(matching), tuple(sent_along))
            address = urljoin(f"{visit.server.base}/", page.next)
            if not visit.server.holds(address) or len(matching) >= MOST_RESOURCES:
                break
        return Fetched(tuple(matching), tuple(sent_along), complete=False)

    def _get(self, visit: _Visit, address: str) -> Response | NotFetched:
        return self._send(visit, "GET", address, b"", TRIES)

    def _send(
        self, visit: _Visit, method: str, address: str, body: bytes, tries: int
    ) -> Response | NotFetched:
        """One call; a connection that broke (a kept-alive one may be old) is tried once more."""
        headers = {
            "Authorization": f"Bearer {visit.access.token}",
            "Accept": "application/fhir+json, application/json",
            **({"Content-Type": "application/fhir+json"} if body else {}),
        }
        for attempt in range(tries):
            left = visit.left
            if left <= 0:
                break
            try:
                return self._guard.request(
                    method,
                    address,
                    headers=headers,
                    body=body,
                    timeout=Timeout(left, read=left),
                    max_bytes=MOST_BYTES,
                )
            except CallFailed as failed:
                if failed.reason not in _AGAIN or attempt == tries - 1:
                    return NotFetched(_REASONS.get(failed.reason, Missing.UNREACHABLE))
        return NotFetched(Missing.TIMEOUT)

    def _batch(self, visit: _Visit, queries: Sequence[_Query]) -> dict[str, Fetching]:
        """What one batch bundle brought; queries that it did not answer whole are left out."""
        entries = [
            {"request": {"method": "GET", "url": each.sent or each.text}} for each in queries
        ]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        answer = self._send(visit, "POST", visit.server.base, orjson.dumps(bundle), 1)
        if isinstance(answer, NotFetched) or answer.status != 200:
            return {}
        content = _parsed(answer.body)
        parts = _objects(content.get("entry")) if content else []
        if len(parts) != len(queries):
            return {}
        found: dict[str, Fetching] = {}
        for query, part in zip(queries, parts, strict=True):
            page = _page(_status(part), part.get("resource") or part.get("outcome"), query)
            if isinstance(page, NotFetched):
                found[query.text] = page
            elif not page.next:
                found[query.text] = Fetched(tuple(page.matching), tuple(page.included))
        return found


def outbound(servers: Sequence[EhrServer]) -> OutboundPolicy:
    """Only these origins; this machine only where a registration says so in so many words.

    No origin inside the operator's network is ever opened by a registration.
    """
    origins = frozenset(Origin.of(server.base) for server in servers)
    return OutboundPolicy(
        only=origins, loopback=frozenset(each for each in origins if each.says_loopback)
    )


def _sorted(texts: Sequence[str], access: EhrAccess) -> tuple[dict[str, Fetching], list[_Query]]:
    """Which queries may be sent, and why the others may not."""
    found: dict[str, Fetching] = {}
    sendable: list[_Query] = []
    for text in texts:
        query = _query(text)
        if query is None or len(sendable) >= MOST_QUERIES:
            found[text] = NotFetched(Missing.BAD_QUERY)
        elif not access.scopes.allow(query.kind, search=not query.fhir_id):
            found[text] = NotFetched(Missing.NOT_GRANTED)
        else:
            sendable.append(query)
    return found, sendable


def _query(text: str) -> _Query | None:
    """A read or a search of one type, and nothing else that an address could say."""
    read = _READ.fullmatch(text)
    if read and read[2] not in (".", ".."):
        return _Query(text, read[1], read[2])
    search = _SEARCH.fullmatch(text)
    if search is None:
        return None
    about = _ABOUT.search(search[2])
    return _Query(text, search[1], "", patient=about[1] if about else "")


@sealed(frozen=True, slots=True)
class _Page:
    """One page: what matches, what was sent along, and the address of the next page."""

    matching: Sequence[Json] = ()
    included: Sequence[Json] = ()
    next: str = ""


def _page(status: int, content: Any, query: _Query) -> _Page | NotFetched:
    """What an answer says. 404 and 410 of a read mean "there is none"; other refusals do not."""
    if query.fhir_id and status in (404, 410):
        return _Page()
    if status in (401, 403) or status >= 400:
        return NotFetched(Missing.REFUSED, status)
    if status != 200 or not isinstance(content, dict):
        return NotFetched(Missing.UNREADABLE, status)
    kind = content.get("resourceType")
    if kind == "OperationOutcome":
        return NotFetched(Missing.REFUSED, status)
    if query.fhir_id:
        same = kind == query.kind and content.get("id") == query.fhir_id
        return _Page([content]) if same else NotFetched(Missing.UNREADABLE, status)
    if kind != "Bundle":
        return NotFetched(Missing.UNREADABLE, status)
    return _searchset(content, query)


def _searchset(bundle: Json, query: _Query) -> _Page | NotFetched:
    """Entries by their `search.mode`; an outcome entry alone is no "nothing found"."""
    matching, included, outcomes = [], [], 0
    for entry in _objects(bundle.get("entry")):
        resource, search = entry.get("resource"), entry.get("search")
        if not isinstance(resource, dict):
            continue
        mode = search.get("mode") if isinstance(search, dict) else None
        if resource.get("resourceType") == "OperationOutcome" or mode == "outcome":
            outcomes += _is_error(resource)
        elif resource.get("resourceType") == query.kind and mode != "include":
            if not query.patient or _is_about(resource, query.patient):
                matching.append(resource)
        else:
            included.append(resource)
    if outcomes and not matching:
        return NotFetched(Missing.REFUSED, 200)
    links = _objects(bundle.get("link"))
    following = [link.get("url") for link in links if link.get("relation") == "next"]
    return _Page(matching, included, next((url for url in following if isinstance(url, str)), ""))


def _is_about(resource: Json, patient: str) -> bool:
    for name in _PERSONS:
        reference = resource.get(name)
        address = reference.get("reference") if isinstance(reference, dict) else None
        if isinstance(address, str):
            return address.split("/")[-2:] == ["Patient", patient]
    return False


def _is_error(outcome: Json) -> bool:
    return any(
        issue.get("severity") in ("error", "fatal") for issue in _objects(outcome.get("issue"))
    )


def _objects(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _status(part: Json) -> int:
    response = part.get("response")
    text = str(response.get("status", "")) if isinstance(response, dict) else ""
    return int(text[:3]) if text[:3].isdecimal() else 0


def _parsed(body: bytes) -> Any:
    """The JSON of a body, or None when it is none or nested deeper than anything sound is."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    level = [content]
    for _ in range(MOST_DEPTH):
        level = (
            [
                inner
                for each in level
                for inner in (each.values() if isinstance(each, dict) else each)
                if isinstance(inner, dict | list)
            ]
            if isinstance(content, dict | list)
            else []
        )
        if not level:
            return content
    return None
