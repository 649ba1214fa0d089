"""Decisions, whole: with the coverage, the facts, the policy versions and the rulebook they used."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import bindparam, exists, select

from app.domain.coverage import Coverage, NotEligible
from app.domain.decision import Decision
from app.domain.event import Event
from app.sealed import sealed
from app.store.codec import decode, encode, revive
from app.store.compression import pack, unpack
from app.store.events import EventWriter
from app.store.link import ReadLink, WriteLink
from app.store.tables import case_items, cases, decisions
from app.store.types import LATEST, key_text

_OF_CASE = (
    select(decisions.c.id, decisions.c.case_id, decisions.c.dictionary, decisions.c.body)
    .where(decisions.c.tenant == bindparam("tenant"), decisions.c.case_id == bindparam("case_id"))
    .order_by(decisions.c.id)
)
_GRANTED = (
    select(decisions.c.id, decisions.c.case_id, decisions.c.dictionary, decisions.c.body)
    .join_from(
        cases,
        decisions,
        (cases.c.tenant == decisions.c.tenant) & (cases.c.id == decisions.c.case_id),
    )
    .where(
        cases.c.tenant == bindparam("tenant"),
        cases.c.member_id == bindparam("member_id"),
        cases.c.id < bindparam("before"),
        decisions.c.made_at <= bindparam("by"),
        exists().where(
            case_items.c.tenant == cases.c.tenant,
            case_items.c.case_id == cases.c.id,
            case_items.c.authorization_number != "",
        ),
    )
    .order_by(cases.c.id.desc(), decisions.c.id.desc())
    .limit(bindparam("most"))
)

_IN_FORCE = (
    select(decisions.c.id, decisions.c.case_id, decisions.c.dictionary, decisions.c.body)
    .where(
        decisions.c.tenant == bindparam("tenant"),
        decisions.c.case_id.in_(bindparam("case_ids", expanding=True)),
    )
    .order_by(decisions.c.id)
)

MOST_GRANTED = 200
"""Decisions that are looked through for a member's authorizations, the newest ones."""

PAGE = 25
"""Decisions that are read at once when the first one that fits is enough."""


@sealed(frozen=True, slots=True)
class _Body:
    decision: Decision
    eligibility: Coverage | NotEligible | None


@sealed(frozen=True, slots=True)
class StoredDecision:
    """A decision as made; `eligibility` is None when the payer's system could not be asked."""

    id: uuid.UUID
    case_id: uuid.UUID
    decision: Decision
    eligibility: Coverage | NotEligible | None


class Decisions:
    """Reads decisions."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def of(self, case_id: uuid.UUID) -> tuple[StoredDecision, ...]:
        """All decisions of a case; the last one is in force."""
        return tuple(_stored(row) for row in self._link.fetch(_OF_CASE, {"case_id": case_id}))

    def in_force(self, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Callable[[], Decision]]:
        """Of each of these cases the decision in force, without its findings: what an answer tells.

        It is decoded when it is called for.
        """
        rows = self._link.fetch(_IN_FORCE, {"case_ids": list(case_ids)})
        return {row.case_id: partial(_told, row.dictionary, row.body) for row in rows}

    def granted(
        self, member_id: str, by: datetime, before: uuid.UUID = LATEST
    ) -> tuple[Decision, ...]:
        """Of each case of the member with an authorization: the decision in force at `by`.

        Newest case first; only cases with keys before `before`. A member is one by tenant and id.
        """
        values = {"member_id": key_text(member_id), "by": by, "before": before}
        rows = self._link.quickly(_GRANTED, {**values, "most": MOST_GRANTED})
        newest: dict[uuid.UUID, Any] = {}
        for row in rows:
            newest.setdefault(row.case_id, row)
        return tuple(_stored(row).decision for row in newest.values())

    def granting(self, member_id: str, by: datetime, codes: Collection[str]) -> Iterator[Decision]:
        """Those of `granted` in which one of these codes is written, in capitals or not.

        They are read as they are wanted: decoding one costs many times what looking for a code in it
        does, and a member may have hundreds.
        """
        written = [orjson.dumps(code).upper() for code in codes]
        values = {"member_id": key_text(member_id), "by": by, "most": PAGE}
        before = LATEST
        for _ in range(MOST_GRANTED // PAGE):
            rows = self._link.quickly(_GRANTED, {**values, "before": before})
            for row in rows:
                if row.case_id == before:
                    continue  # an earlier decision of the case, not in force any more
                before = row.case_id
                body = unpack(row.dictionary, row.body)
                capitals = body.upper()
                if any(code in capitals for code in written):
                    yield decode(_Body, body).decision
            if len(rows) < PAGE:
                return


class DecisionWriter(Decisions):
    """Reads and stores decisions."""

    def __init__(self, link: WriteLink, events: EventWriter) -> None:
        super().__init__(link)
        self._write = link
        self._events = events

    def add(
        self,
        decision_id: uuid.UUID,
        decision: Decision,
        eligibility: Coverage | NotEligible | None,
        event: Event,
    ) -> None:
        """Keep the decision of the event's case; `event` says who made it and when."""
        dictionary, body = pack(encode(_Body(decision, eligibility)))
        self._write.add(
            decisions,
            {
                "case_id": event.case_id,
                "id": decision_id,
                "made_at": decision.made_at,
                "rulebook": decision.rulebook,
                "reviewer": decision.human.reviewer if decision.human else "",
                "dictionary": dictionary,
                "body": body,
            },
        )
        self._events.append(event)


def _stored(row: Any) -> StoredDecision:
    body = decode(_Body, unpack(row.dictionary, row.body))
    return StoredDecision(row.id, row.case_id, body.decision, body.eligibility)


def _told(dictionary: int, body: bytes) -> Decision:
    """Reading the trees of findings takes longer than all the rest."""
    decision = orjson.loads(unpack(dictionary, body))["decision"]
    for item in decision["items"]:
        item["finding"] = None
    return revive(Decision, decision)
