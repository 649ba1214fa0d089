"""What is kept of the cases that an inquiry looks into: each part is fetched when it is wanted.

A case is told by the answer in force as it was given, so most inquiries need nothing else of it. The
request and the decision are read where they are asked about, where care may be kept back, and where the
answer has to be written anew because the case is of the other guide version.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import orjson

from app.domain.decision import Decision
from app.domain.guide import Guide
from app.domain.request import Person, PriorAuthRequest
from app.errors import Broken
from app.fhir.read import read_request
from app.fhir.read.inquiry import read_answered
from app.fhir.write import Envelope
from app.fhir.write.inquiry import Hit
from app.fhir.write.response import entries_of
from app.flows.accept import bundle_in
from app.flows.context import Context
from app.flows.record import CAME_BY
from app.store import Candidate, Papers, Read

T = TypeVar("T")


class Lot:
    """What is kept of a few cases, fetched for all of them at once."""

    def __init__(self, look: Read, ids: Sequence[uuid.UUID]) -> None:
        self._look = look
        self._ids = ids

    @cached_property
    def papers(self) -> Mapping[uuid.UUID, Papers]:
        """Of each case which documents it was asked and answered with."""
        return self._look.events.papers(self._ids)

    @cached_property
    def answers(self) -> Mapping[uuid.UUID, bytes]:
        """By document the answers in force."""
        return self._look.documents.contents([each.answered for each in self.papers.values()])

    @cached_property
    def requests(self) -> Mapping[uuid.UUID, bytes]:
        """By document the requests."""
        return self._look.documents.contents([each.received for each in self.papers.values()])

    @cached_property
    def decisions(self) -> Mapping[uuid.UUID, Callable[[], Decision]]:
        """The decisions in force, decoded when they are called for."""
        return self._look.decisions.in_force(self._ids)


class Kept:
    """What is kept of one case, for an inquiry in `guide`. Raises Broken where something is lost."""

    def __init__(self, context: Context, candidate: Candidate, lot: Lot, guide: Guide) -> None:
        self.candidate = candidate
        self._context = context
        self._lot = lot
        self._guide = guide

    @cached_property
    def person(self) -> Person:
        """Whom the request is about."""
        return read_answered(self._answer)

    @cached_property
    def request(self) -> PriorAuthRequest:
        """What was asked for."""
        return read_request(self._bundle, self._guide, with_evidence=False)

    @cached_property
    def decision(self) -> Decision:
        """The decision in force, without its findings."""
        return _there(self._lot.decisions, self.candidate.case.id)()

    def hit(self, replaced: bool) -> Hit:
        """The case as it is told. `replaced`: it was asked for by a number that another stands for."""
        current = {}
        if replaced:
            decision = self.decision
            current = {
                each.sequence: each.stands.number if each.stands else decision.number
                for each in decision.items
            }
        if self.candidate.case.guide is self._guide:
            return Hit(self._answer["entry"], current)
        written = entries_of(self.decision, self.request, self._bundle, self._envelope())
        return Hit(written, current)

    @cached_property
    def _papers(self) -> Papers:
        return _there(self._lot.papers, self.candidate.case.id)

    @cached_property
    def _answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = orjson.loads(_there(self._lot.answers, self._papers.answered))
        return answer

    @cached_property
    def _bundle(self) -> dict[str, Any]:
        received = _there(self._lot.requests, self._papers.received)
        return bundle_in(orjson.loads(received))[0]  # its limits were held when it came

    def _envelope(self) -> Envelope:
        """Ids are those of the answer given first."""
        context, case = self._context, self.candidate.case
        return Envelope(
            created=self._papers.at,
            response_id=self._answer["entry"][0]["resource"]["id"],
            address=context.base(case.guide),
            namespace=context.settings.namespace,
            case_number=case.number,
            attachments_url=context.attachments(case.guide),
            contested=context.settings.contested_extensions,
            by_claim=CAME_BY not in self._papers.noted,
        )


def _there(kept: Mapping[uuid.UUID, T], key: uuid.UUID) -> T:
    try:
        return kept[key]
    except KeyError:
        raise Broken("A stored case has lost its request or its answer.") from None
