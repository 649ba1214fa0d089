"""Cases, their items, and every number that leads to them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, bindparam, delete, exists, func, select, text, tuple_

from app.domain.case import WAITING, Case, CaseState
from app.domain.decision import Outcome, ReviewTime
from app.domain.event import Event, EventKind
from app.domain.guide import Guide
from app.domain.inquiry import Inquiry
from app.domain.values import Identifier
from app.sealed import sealed
from app.store.events import EventWriter
from app.store.inquiry_search import listed, search
from app.store.link import ReadLink, WriteLink
from app.store.tables import GIVEN, case_items, case_members, case_numbers, cases, events
from app.store.types import LATEST, Key, first_key, key_text

_SOUGHT = ("tenant", "born", "diagnoses")
"""Columns that are only searched by."""
_COLUMNS = tuple(column for column in cases.c if column.name not in _SOUGHT)
_BY_ID = select(*_COLUMNS, cases.c.tenant).where(
    cases.c.tenant == bindparam("tenant"), cases.c.id == bindparam("id")
)
_BY_OWN_NUMBER = select(*_COLUMNS, cases.c.tenant).where(
    cases.c.tenant == bindparam("tenant"), cases.c.number == bindparam("value")
)
_BY_NUMBER = (
    select(*_COLUMNS, cases.c.tenant)
    .join_from(
        case_numbers,
        cases,
        (cases.c.tenant == case_numbers.c.tenant) & (cases.c.id == case_numbers.c.case_id),
    )
    .where(
        case_numbers.c.tenant == bindparam("tenant"),
        case_numbers.c.value == bindparam("value"),
        text(f"case_numbers.{GIVEN}"),
    )
    .order_by(cases.c.id.desc())
    .limit(1)
)
_OVERDUE = (
    select(*_COLUMNS, cases.c.tenant)
    .where(
        cases.c.tenant == bindparam("tenant"),
        cases.c.state.in_([state.value for state in WAITING]),
        cases.c.due < bindparam("at"),
        ~exists().where(
            events.c.tenant == cases.c.tenant,
            events.c.case_id == cases.c.id,
            events.c.kind == EventKind.CLOCK_EXPIRED.value,
            events.c.at >= cases.c.due,
        ),
    )
    .order_by(cases.c.due)
    .limit(bindparam("most"))
)
_PAGE = (
    select(*_COLUMNS, cases.c.tenant)
    .where(cases.c.tenant == bindparam("tenant"), cases.c.id > bindparam("after"))
    .order_by(cases.c.id)
    .limit(bindparam("most"))
)
_ITEMS = (
    select(case_items)
    .where(case_items.c.tenant == bindparam("tenant"), case_items.c.case_id == bindparam("case_id"))
    .order_by(case_items.c.sequence)
)
_TRACES = (
    select(case_numbers.c.sequence, case_numbers.c.system, case_numbers.c.value)
    .where(
        case_numbers.c.tenant == bindparam("tenant"),
        case_numbers.c.case_id == bindparam("case_id"),
        case_numbers.c.kind == "trace",
    )
    .order_by(case_numbers.c.sequence, case_numbers.c.value)
)
_OF_MEMBERS = (
    select(*_COLUMNS, cases.c.tenant)
    .join_from(
        case_members,
        cases,
        (cases.c.tenant == case_members.c.tenant) & (cases.c.id == case_members.c.case_id),
    )
    .where(
        case_members.c.tenant == bindparam("tenant"),
        case_members.c.key.in_(bindparam("keys", expanding=True)),
    )
    .order_by(cases.c.id.desc())
)
_ITEMS_OF_MANY = (
    select(case_items)
    .where(
        case_items.c.tenant == bindparam("tenant"),
        case_items.c.case_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(case_items.c.case_id, case_items.c.sequence)
)
_NUMBERS_OF_MANY = select(
    case_numbers.c.case_id, case_numbers.c.kind, case_numbers.c.sequence, case_numbers.c.value
).where(
    case_numbers.c.tenant == bindparam("tenant"),
    case_numbers.c.case_id.in_(bindparam("ids", expanding=True)),
)
_PAST = (
    select(
        case_members.c.key,
        case_members.c.case_id,
        select(func.max(func.coalesce(case_items.c.ends, case_items.c.starts)))
        .where(case_items.c.tenant == cases.c.tenant, case_items.c.case_id == cases.c.id)
        .scalar_subquery()
        .label("last_day"),
    )
    .join_from(
        case_members,
        cases,
        (cases.c.tenant == case_members.c.tenant) & (cases.c.id == case_members.c.case_id),
    )
    .where(
        case_members.c.tenant == bindparam("tenant"),
        tuple_(case_members.c.key, case_members.c.case_id)
        > tuple_(bindparam("key", type_=Text), bindparam("case_id", type_=Key)),
        case_members.c.case_id < bindparam("before", type_=Key),
        cases.c.state.not_in([state.value for state in WAITING]),
    )
    .order_by(case_members.c.key, case_members.c.case_id)
    .limit(bindparam("most"))
)
_WAITING = (
    select(*_COLUMNS, cases.c.tenant)
    .where(
        cases.c.tenant == bindparam("tenant"),
        cases.c.state.in_([state.value for state in WAITING]),
    )
    .order_by(cases.c.due, cases.c.id)
    .limit(bindparam("most"))
)
_CHANGE = (
    "UPDATE cases SET state = ?, due = ?, authorization_number = ?, rulebook = ?, review = ? "
    "WHERE tenant = ? AND id = ?"
)
_SEEK = "UPDATE cases SET born = ?, diagnoses = ? WHERE tenant = ? AND id = ?"
_ITEM_COLUMNS = (
    *("service_system", "service_code", "outcome", "authorization_number", "review_reference"),
    *("starts", "ends", "ordering_npis", "rendering_npis"),
    *("policy_id", "policy_version", "policy_sha256"),
)
_PUT_ITEM = (
    "INSERT INTO case_items (tenant, case_id, sequence, service_system, service_code, outcome, "
    "authorization_number, review_reference, starts, ends, ordering_npis, rendering_npis, "
    "policy_id, policy_version, policy_sha256) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (tenant, case_id, sequence) DO UPDATE SET "
    "service_system = excluded.service_system, service_code = excluded.service_code, "
    "outcome = excluded.outcome, authorization_number = excluded.authorization_number, "
    "review_reference = excluded.review_reference, starts = excluded.starts, "
    "ends = excluded.ends, ordering_npis = excluded.ordering_npis, "
    "rendering_npis = excluded.rendering_npis, policy_id = excluded.policy_id, "
    "policy_version = excluded.policy_version, policy_sha256 = excluded.policy_sha256"
)
_ADD_NUMBER = (
    "INSERT INTO case_numbers (tenant, value, kind, case_id, sequence, system) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_MOST_AT_ONCE = 500
"""Cases of one member that are looked up together."""
MOST_TOGETHER = 30
"""Cases that an inquiry looks at together: a few more than one answer holds."""


@sealed(frozen=True, slots=True)
class CaseItem:
    """The current state of one requested line, as far as it can be asked for.

    `outcome` is None where nothing was decided (a business error). `starts` and `ends` are the
    service's days, `traces` the item's trace numbers as sent, the NPIs those of the people and
    organizations that order or render it.
    """

    sequence: int
    service_system: str
    service_code: str
    outcome: Outcome | None = None
    authorization_number: str = ""
    review_reference: str = ""
    starts: date | None = None
    ends: date | None = None
    ordering_npis: tuple[str, ...] = ()
    rendering_npis: tuple[str, ...] = ()
    policy_id: str = ""
    policy_version: str = ""
    policy_sha256: str = ""
    traces: tuple[Identifier, ...] = ()


@sealed(frozen=True, slots=True)
class Listed:
    """A member number under which a case is found, and the last day of service asked for, if any."""

    key: str
    case_id: uuid.UUID
    last_day: date | None


@sealed(frozen=True, slots=True)
class Candidate:
    """A case as it is compared with a question: its items (without their traces), and each number
    that leads to it with the item that it is of, 0 for the whole. Numbers are as keys hold them;
    `replaced` are authorization and review numbers that others stand for now.
    """

    case: Case
    items: tuple[CaseItem, ...]
    numbers: frozenset[tuple[int, str]]
    replaced: frozenset[str] = frozenset()


class Cases:
    """Reads cases."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def get(self, case_id: uuid.UUID) -> Case | None:
        """The case with that key, or None."""
        return _case(self._link.first(_BY_ID, {"id": case_id}))

    def by_number(self, value: str) -> Case | None:
        """The newest case that has this case, authorization or review number, or None."""
        named = {"value": key_text(value)}
        own = self._link.first(_BY_OWN_NUMBER, named)
        return _case(own or self._link.first(_BY_NUMBER, named))

    def overdue(self, at: datetime, most: int) -> tuple[Case, ...]:
        """Cases that still wait although they were due before `at`, unless their log says so."""
        rows = self._link.fetch(_OVERDUE, {"at": at, "most": most})
        return tuple(case for row in rows if (case := _case(row)))

    def waiting(self, most: int) -> tuple[Case, ...]:
        """Cases that wait for somebody, those due first before the others."""
        rows = self._link.fetch(_WAITING, {"most": most})
        return tuple(case for row in rows if (case := _case(row)))

    def page(self, after: uuid.UUID, most: int) -> tuple[Case, ...]:
        """Up to `most` cases after this key, oldest first: a way through all of them."""
        rows = self._link.fetch(_PAGE, {"after": after, "most": most})
        return tuple(case for row in rows if (case := _case(row)))

    def like(self, inquiry: Inquiry) -> Iterator[Candidate]:
        """The cases that may be what the inquiry asks for, the newest first, a few at a time.

        All of the member's that the database cannot rule out: compare them exactly.
        """
        statement = search(inquiry, (*_COLUMNS, cases.c.tenant))
        most = MOST_TOGETHER * len(inquiry.members)
        before = LATEST
        while True:
            rows = self._link.fetch(statement, {"before": before, "most": most})
            found = list({row.id: case for row in rows if (case := _case(row))}.values())
            if found:
                yield from self._candidates(found)
            if len(rows) < most:
                return
            before = found[-1].id

    def past(self, before: datetime, after: Listed | None, most: int) -> tuple[Listed, ...]:
        """Under which member numbers cases from before an instant are found, unless they wait.

        At most `most`, those that follow `after`: a way through all of them.
        """
        key, case_id = (after.key, after.case_id) if after else ("", uuid.UUID(int=0))
        values = {"key": key, "case_id": case_id, "before": first_key(before), "most": most}
        rows = self._link.fetch(_PAST, values)
        return tuple(Listed(row.key, row.case_id, row.last_day) for row in rows)

    def of_members(self, keys: Sequence[str]) -> Iterator[Candidate]:
        """The cases under these member numbers (as `add` was given them), the newest first."""
        rows = self._link.fetch(_OF_MEMBERS, {"keys": [key_text(key) for key in keys]})
        found = list({row.id: case for row in rows if (case := _case(row))}.values())
        for start in range(0, len(found), _MOST_AT_ONCE):
            yield from self._candidates(found[start : start + _MOST_AT_ONCE])

    def _candidates(self, some: Sequence[Case]) -> Iterator[Candidate]:
        ids = {"ids": [case.id for case in some]}
        items: dict[uuid.UUID, list[CaseItem]] = {}
        numbers: dict[uuid.UUID, list[Any]] = {}
        for row in self._link.fetch(_ITEMS_OF_MANY, ids):
            items.setdefault(row.case_id, []).append(_item(row, ()))
        for row in self._link.fetch(_NUMBERS_OF_MANY, ids):
            numbers.setdefault(row.case_id, []).append(row)
        for case in some:
            yield _candidate(case, items.get(case.id, []), numbers.get(case.id, []))

    def items(self, case_id: uuid.UUID) -> tuple[CaseItem, ...]:
        """The items of a case by sequence."""
        traces: dict[int, list[Identifier]] = {}
        for row in self._link.fetch(_TRACES, {"case_id": case_id}):
            traces.setdefault(row.sequence, []).append(Identifier(row.system, row.value))
        rows = self._link.fetch(_ITEMS, {"case_id": case_id})
        return tuple(_item(row, tuple(traces.get(row.sequence, ()))) for row in rows)


class CaseWriter(Cases):
    """Reads and adds cases."""

    def __init__(self, link: WriteLink, events: EventWriter) -> None:
        super().__init__(link)
        self._write = link
        self._events = events

    def add(
        self,
        case: Case,
        items: Sequence[CaseItem],
        event: Event,
        members: Sequence[str] = (),
        born: date | None = None,
        diagnoses: Collection[str] | None = None,
    ) -> None:
        """Open a case with its items; `event` is the first line of its log.

        `members` are the member numbers, in the form in which they are compared, under which it may
        be asked for; without any nobody finds it by `of_members`. `born` and `diagnoses` (codes) are
        the request's; None where it has to be looked into.
        """
        self._events.open(case.id)
        self._events.append(event)
        self._write.add(
            cases,
            {
                "id": case.id,
                "number": case.number,
                "guide": case.guide.value,
                "state": case.state.value,
                "submitter": case.submitter,
                "requestor_npi": key_text(case.requestor_npi),
                "member_id": key_text(case.member_id),
                "plan": case.plan,
                "line": case.line,
                "received_at": case.received_at,
                "due": case.due,
                "authorization_number": case.authorization_number,
                "rulebook": case.rulebook,
                "review": case.review.value,
                "born": born,
                "diagnoses": None if diagnoses is None else listed(diagnoses),
            },
        )
        for key in dict.fromkeys(key_text(each) for each in members):
            self._write.add(case_members, {"key": key, "case_id": case.id})
        for item in items:
            self._write.add(case_items, _item_row(case.id, item))
        for sequence, kind, system, value in _numbers(case, items):
            self._write.add(
                case_numbers,
                {
                    "value": key_text(value),
                    "kind": kind,
                    "case_id": case.id,
                    "sequence": sequence,
                    "system": key_text(system),
                },
            )

    def retire(self, listed: Listed, event: Event) -> None:
        """From now on an inquiry does not find the case under this member number."""
        gone = delete(case_members).where(
            case_members.c.tenant == self._write.tenant,
            case_members.c.key == listed.key,
            case_members.c.case_id == listed.case_id,
        )
        self._write.change(gone.returning(case_members.c.case_id))
        self._events.append(event)

    def hold(self, case_id: uuid.UUID) -> None:
        """Until this transaction ends, nobody else holds the case: read it after this."""
        self._write.turn(case_id)

    def change(
        self,
        case: Case,
        items: Sequence[CaseItem],
        event: Event,
        sought: tuple[date | None, Collection[str]] | None = None,
    ) -> None:
        """Bring head and items of a stored case to what they are now; old numbers still lead to it.

        Of the head: state, due instant, authorization number, rulebook, time of review. `items` are those that are
        new or other than before, `sought` birth date and diagnoses where they are told anew.
        """
        tenant = self._write.tenant
        self._write.turn(case.id)
        head = (case.state.value, case.due, case.authorization_number, case.rulebook)
        self._write.after(_CHANGE, *head, case.review.value, tenant, case.id)
        if sought is not None:
            born, diagnoses = sought
            self._write.after(_SEEK, born, listed(diagnoses), tenant, case.id)
        for item in items:
            row = _item_row(case.id, item)
            told = [row[name] for name in _ITEM_COLUMNS]
            self._write.after(_PUT_ITEM, tenant, case.id, item.sequence, *told)
        for sequence, kind, system, value in _numbers(case, items):
            self._write.after(
                _ADD_NUMBER, tenant, key_text(value), kind, case.id, sequence, key_text(system)
            )
        self._events.append(event)


def _numbers(case: Case, items: Sequence[CaseItem]) -> Iterator[tuple[int, str, str, str]]:
    """(sequence, kind, system, value), each once: a key of the table has no system."""
    yield 0, "case", "", case.number
    if case.authorization_number:
        yield 0, "authorization", "", case.authorization_number
    for item in items:
        if item.authorization_number and item.authorization_number != case.authorization_number:
            yield item.sequence, "authorization", "", item.authorization_number
        if item.review_reference:
            yield item.sequence, "review", "", item.review_reference
        for trace in {key_text(trace.value): trace for trace in item.traces}.values():
            yield item.sequence, "trace", trace.system, trace.value


def _candidate(case: Case, items: Sequence[CaseItem], rows: Sequence[Any]) -> Candidate:
    now = {case.authorization_number}
    now |= {each.authorization_number for each in items} | {each.review_reference for each in items}
    given = {row.value for row in rows if row.kind in ("authorization", "review")}
    held = frozenset((row.sequence, row.value) for row in rows)
    return Candidate(case, tuple(items), held, frozenset(given - {key_text(each) for each in now}))


def _case(row: Any) -> Case | None:
    if row is None:
        return None
    values = dict(row._mapping)
    values.update(guide=Guide(row.guide), state=CaseState(row.state), review=ReviewTime(row.review))
    return Case(**values)


def _item_row(case_id: uuid.UUID, item: CaseItem) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "sequence": item.sequence,
        "service_system": key_text(item.service_system),
        "service_code": key_text(item.service_code),
        "outcome": item.outcome.value if item.outcome else "",
        "authorization_number": item.authorization_number,
        "review_reference": item.review_reference,
        "starts": item.starts,
        "ends": item.ends,
        "ordering_npis": " ".join(item.ordering_npis),
        "rendering_npis": " ".join(item.rendering_npis),
        "policy_id": item.policy_id,
        "policy_version": item.policy_version,
        "policy_sha256": item.policy_sha256,
    }


def _item(row: Any, traces: tuple[Identifier, ...]) -> CaseItem:
    values = dict(row._mapping)
    for name in ("tenant", "case_id"):
        del values[name]
    values.update(
        outcome=Outcome(row.outcome) if row.outcome else None,
        ordering_npis=tuple(row.ordering_npis.split()),
        rendering_npis=tuple(row.rendering_npis.split()),
    )
    return CaseItem(**values, traces=traces)
