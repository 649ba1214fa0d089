"""The rulebook's word on a hook call's orders, by the same judging and storing as for `$submit`.

Everything in scope is drafted as one request and judged. What would be approved is then drafted and
judged alone, and stored as a case of its own: that is the authorization that CRD grants (2.2.1,
unsolicited determination). What an authorization in force covers already gets no second one.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import orjson

from app.clock import Moment
from app.determine.assertion import assertions
from app.determine.assertion_choices import Choice, chosen_later, differ
from app.determine.codes import Codes, short_codes
from app.determine.crd_eligibility import told_apart
from app.determine.decide import Weighed
from app.determine.review import as_it_stands
from app.domain.coverage import Coverage, Eligibility, NotEligible
from app.domain.crd import Assertion
from app.domain.decision import Decision, Grant, ItemDecision, Outcome
from app.domain.guide import Guide
from app.domain.policy import Terms
from app.domain.principal import Principal
from app.domain.request import Item, PriorAuthRequest
from app.domain.values import Concept, Identifier
from app.fhir.crd import extension
from app.fhir.crd.draft_claim import Asked, Line, choices, draft_claim
from app.fhir.crd.pool import Pool
from app.fhir.read import read_request
from app.fhir.read.values import text
from app.fhir.urls import system
from app.fhir.write import Envelope, write_response
from app.flows.context import Context
from app.flows.eligibility import Insurers, StoredMembers
from app.flows.history import StoredHistory
from app.flows.judge import EligibilitySource, judge
from app.flows.record import Intake, open_case, record
from app.flows.repeat import Mark
from app.sealed import sealed
from app.store import Taken

Json = dict[str, Any]
_GRANTED = (Outcome.APPROVED, Outcome.MODIFIED)
_OPEN = (*_GRANTED, Outcome.PENDED)
_UNNAMED = uuid.UUID(int=0)


@sealed(frozen=True, slots=True)
class Draft:
    """What is asked about. `numbers` False: the client only wants to know (what-if). `grants` False:
    this is no place to grant anything new. `insurers` is who we are."""

    asked: Asked
    lines: Sequence[Line]
    pool: Pool
    numbers: bool
    grants: bool
    insurers: Insurers


@sealed(frozen=True, slots=True)
class Discerning:
    """An eligibility source that tells apart what CRD wants told apart."""

    source: EligibilitySource
    insurers: Insurers
    status: str

    def find(self, request: PriorAuthRequest, on: date) -> Eligibility:
        """The coverage, or which of the three things is wrong."""
        return told_apart(request, on, self._find, self.status)

    def _find(self, request: PriorAuthRequest, on: date) -> Eligibility:
        if not isinstance(self.source, StoredMembers):
            return self.source.find(request, on)
        found, payers = self.source.found(request, on)
        self.insurers.learn(payers)
        return found


@sealed(frozen=True, slots=True)
class Told:
    """The coverage as the plan knows it, and what is said about each line by its sequence."""

    coverage: Coverage
    said: Mapping[int, Assertion]


def decided(
    context: Context, caller: Principal, draft: Draft, guide: Guide, moment: Moment
) -> Told | NotEligible | None:
    """What is said; why there is no coverage; None: not to be had."""
    rulebook = context.rulebook
    desk = _Desk(context, caller, guide, moment, _source(context, draft))
    request = _drafted(draft, draft.lines, guide)
    weighed: Weighed = {}
    eligibility, decision = desk.judge(request, weighed)
    if not isinstance(eligibility, Coverage):
        return eligibility
    today = rulebook.today(moment.now)
    items = {item.sequence: item for item in decision.items}
    undecided = _undecided(desk, draft)
    granted: dict[int, ItemDecision] = {}
    if draft.numbers and any(item.outcome in _OPEN for item in decision.items):
        granted = desk.live(request, items, eligibility.member_id, today)
        fresh = [
            line
            for line in draft.lines
            if items[line.sequence].outcome in _GRANTED
            and line.sequence not in granted
            and line.sequence not in undecided
        ]
        granted |= desk.grant(draft, fresh) if fresh and draft.grants else {}
    whole = replace(decision, items=tuple((items | granted).values()))
    said = assertions(weighed, whole, rulebook, frozenset(granted))
    for sequence in undecided.keys() - granted.keys():
        said[sequence] = chosen_later(said[sequence], undecided[sequence])
    return Told(eligibility, said)


def _undecided(desk: _Desk, draft: Draft) -> dict[int, list[Choice]]:
    """The lines whose answer hangs on which of several performers or places is chosen. Each choice is
    judged with the rest of the draft as it is."""
    found: dict[int, list[Choice]] = {}
    for line in draft.lines:
        made: list[Choice] = []
        for each in choices(line, draft.asked):
            lines = [each if one is line else one for one in draft.lines]
            weighed: Weighed = {}
            coverage, decision = desk.judge(_drafted(draft, lines, desk.guide), weighed)
            if isinstance(coverage, Coverage):
                said = assertions(weighed, decision, desk.context.rulebook, frozenset())
                made.append(Choice(each.performer, repr(each.place), said[line.sequence]))
        if differ(made):
            found[line.sequence] = made
    return found


def _source(context: Context, draft: Draft) -> Discerning:
    return Discerning(
        context.eligibility, draft.insurers, text(draft.asked.coverage, "status") or "active"
    )


def _live(
    request: PriorAuthRequest,
    items: Iterable[Item],
    earlier: Iterable[Decision],
    today: date,
    terms: Terms,
) -> dict[int, ItemDecision]:
    """The lines that an authorization in force covers: the same service, the day, no more units.

    No more of `earlier` is read than is needed.
    """
    wanting = {item.sequence: item for item in items}
    found: dict[int, ItemDecision] = {}
    lines = (as_it_stands(each) for decision in earlier for each in decision.items)
    for decided in (each for each in lines if each.grant):
        for item in list(wanting.values()):
            if covers(decided.grant, item, request.service_day(item, today), terms):
                found[item.sequence] = replace(decided, sequence=item.sequence)
                del wanting[item.sequence]
        if not wanting:
            break
    return found


def covers(grant: Grant | None, item: Item, day: date, terms: Terms) -> bool:
    """Whether a grant is for the item's service (or, without a service code, its revenue code).

    "Not applicable" as a service is no code: two stays that say so need not be the same.
    """
    if grant is None or not grant.period.covers(day):
        return False
    asked, units = item.quantity, grant.units
    if asked is not None and units is not None and asked.value > units.value:
        return False
    services = _known(item.service, terms)
    if services:
        return not services.isdisjoint(_known(grant.service, terms))
    return not _known(item.revenue, terms).isdisjoint(_known(grant.revenue, terms))


def _known(concept: Concept | None, terms: Terms) -> Codes:
    """Codes of systems that policies know."""
    if concept is None:
        return frozenset()
    known = terms.systems.values()
    return frozenset([code for code in short_codes(concept, terms.systems) if code[0] in known])


@sealed(frozen=True, slots=True)
class _Desk:
    """Everything that judging and granting needs, for one call."""

    context: Context
    caller: Principal
    guide: Guide
    moment: Moment
    source: Discerning

    def judge(
        self, request: PriorAuthRequest, weighed: Weighed | None = None
    ) -> tuple[Eligibility | None, Decision]:
        """As `$submit` judges."""
        return judge(
            request,
            {},
            self.source,
            self.context.rulebook,
            self.context.settings.namespace,
            self.moment,
            StoredHistory(self.context.store, self.caller.tenant),
            weighed,
        )

    def live(
        self,
        request: PriorAuthRequest,
        items: Mapping[int, ItemDecision],
        member: str,
        today: date,
    ) -> dict[int, ItemDecision]:
        """The lines that an authorization of this member in force covers, with its grant."""
        terms = self.context.rulebook.terms
        open_items = [item for item in request.items if items[item.sequence].outcome in _OPEN]
        codes = {
            code
            for item in open_items
            for concept in (item.service, item.revenue)
            for _, code in _known(concept, terms)
        }
        with self.context.store.read(self.caller.tenant) as look:
            earlier = look.decisions.granting(member, self.moment.now, codes)
            return _live(request, open_items, earlier, today, terms)

    def grant(self, draft: Draft, lines: Sequence[Line]) -> dict[int, ItemDecision]:
        """Judge the lines that would be approved alone, and store the case; empty when alone they
        would not be, or a twin call was faster (its grant is found the next time)."""
        mark = _mark(draft, lines)
        key = uuid.UUID(bytes=mark.sha256[:16], version=5)
        bundle = draft_claim(draft.asked, lines, draft.pool, key)
        request = read_request(bundle, self.guide)
        coverage, decision = self.judge(request)
        if not isinstance(coverage, Coverage):
            return {}
        if any(item.outcome not in _GRANTED for item in decision.items):
            return {}
        try:
            self._store(mark, bundle, request, coverage, decision)
        except Taken:
            items = {item.sequence: item for item in decision.items}
            today = self.context.rulebook.today(self.moment.now)
            return self.live(request, items, coverage.member_id, today)
        return {item.sequence: item for item in decision.items}

    def _store(
        self,
        mark: Mark,
        bundle: Json,
        request: PriorAuthRequest,
        coverage: Coverage,
        decision: Decision,
    ) -> None:
        context, moment = self.context, self.moment
        case, public_id = open_case(self.caller, request, decision, moment), moment.new_uuid()
        envelope = Envelope(
            created=moment.now,
            response_id=str(public_id),
            address=context.base(request.guide),
            namespace=context.settings.namespace,
            case_number=case.number,
            contested=context.settings.contested_extensions,
        )
        intake = Intake(
            caller=self.caller,
            mark=mark,
            received=orjson.dumps(bundle),
            claim_pointer="/entry/0/resource",
            request=request,
            eligibility=coverage,
            decision=decision,
            case=case,
            public_id=public_id,
            answer=orjson.dumps(write_response(decision, request, bundle, envelope)),
        )
        record(context.store, intake, moment)


def _drafted(draft: Draft, lines: Sequence[Line], guide: Guide) -> PriorAuthRequest:
    """A request that is judged and not kept, so it needs no name of its own."""
    return read_request(draft_claim(draft.asked, lines, draft.pool, _UNNAMED), guide)


def _mark(draft: Draft, lines: Sequence[Line]) -> Mark:
    """The content of the draft but for the day and for what we said about it before."""
    content = [
        draft.pool.server,
        draft.asked.patient,
        draft.asked.performer,
        [[line.sequence, line.concept, text(line.resource, "id")] for line in lines],
        [
            [entry["fullUrl"], extension.without_ours(entry["resource"])]
            for entry in draft.pool.entries()
        ],
    ]
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    return Mark(Identifier(system.UUID, f"crd:{digest.hex()}"), digest)
