"""CDex `$submit-attachment`: what was asked for arrives, and the case is judged again.

The request is found by any of its numbers, among those of the same caller and member. Facts that are
met now approve; all else goes to a person. That something arrived approves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from app.clock import Moment
from app.determine.decide import decide
from app.determine.eligibility import number_key
from app.determine.review import rejudged
from app.domain.case import WAITING, Case
from app.domain.coverage import Coverage
from app.domain.event import Event, EventKind
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import Invalid, Issue, NotFound
from app.fhir.outcome import outcome_bytes
from app.fhir.read import read_request
from app.fhir.read.attachments import Sent, read_attachments
from app.fhir.validate.text import parse
from app.fhir.write.asking import control_number
from app.flows.context import Context
from app.flows.held import arrived, can_be_held, hold, with_resources
from app.flows.history import OpenHistory, asks_history, with_history
from app.flows.new_answer import Open, answer_anew, last_answer, open_stored
from app.flows.record import MACHINE, MEDIA_TYPE
from app.flows.told_facts import rulebook_for, with_told_facts
from app.store import DocumentKind, Write

MOST_READ = 50
"""Of a member's cases so many, the newest, are read for a number that no column has."""


def attach(context: Context, caller: Principal, raw: bytes, guide: Guide, moment: Moment) -> bytes:
    """An OperationOutcome that says that it was received, or is held until its request comes; nothing
    about the decision.

    Raises Malformed, TooLarge, Invalid (with every issue) and NotFound: the tracking number is one of
    ours, and no request of this caller and member has it.
    """
    document = parse(raw, context.limits)
    sent = read_attachments(document)
    _check(context, guide, sent)
    mark = hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()
    with context.store.write(caller.tenant) as work:
        found = _tracked(context, work, caller, sent, guide)
        if found is None:
            return _early(context, work, caller, raw, sent, mark, guide, moment)
        work.cases.hold(found.id)
        opened = open_stored(context, work, work.cases.get(found.id) or found)
        earlier = [e for e in opened.events if e.kind is EventKind.ATTACHED]
        if mark in [e.data["sha256"] for e in earlier]:
            return _says("received-before", "This was received before.")
        name = moment.new_id()
        work.documents.put(name, raw, DocumentKind.RECEIVED, MEDIA_TYPE)
        told = {"document": str(name), **_told(sent, mark)}
        event = Event(moment.new_id(), found.id, EventKind.ATTACHED, moment.now, caller.id, told)
        work.events.append(event)
        if sent.final and opened.case.state in WAITING:
            resources = [*arrived(context, work, opened.events), *sent.resources]
            _judge_again(context, work, opened, resources, moment)
    return _says("received", "Received. The answer is told by $inquire and subscriptions.", sent)


def _early(
    context: Context,
    work: Write,
    caller: Principal,
    raw: bytes,
    sent: Sent,
    mark: str,
    guide: Guide,
    moment: Moment,
) -> bytes:
    """Hold what nobody asked for, if its number may be the provider's own."""
    if not can_be_held(context, sent):
        raise NotFound(
            "No request of this caller and member has this TrackingId; is it this payer's?"
        )
    earlier = work.held.find(caller.id, guide, [sent.tracking], moment.now)
    if mark in [each.told["sha256"] for each in earlier]:
        return _says("received-before", "This was received before.")
    name = moment.new_id()
    work.documents.put(name, raw, DocumentKind.RECEIVED, MEDIA_TYPE)
    kept = hold(context, work, caller, guide, sent, name, _told(sent, mark), moment)
    until = kept.expires_at.date().isoformat()
    said = f"No request has this TrackingId yet. Held until {until} for a request that has it."
    return _says("held", said, sent)


def _told(sent: Sent, mark: str) -> dict[str, object]:
    """What the log says of a submission."""
    signed = {"signed": True} if sent.signed else {}
    return {"sha256": mark, "media": sent.media, "final": sent.final, **signed}


def _tracked(
    context: Context, work: Write, caller: Principal, sent: Sent, guide: Guide
) -> Case | None:
    """The caller's case of this member that has the tracking number, in any of its spellings.

    What stands in columns is compared for all of them. What only a stored request or answer tells is
    read for the newest ones alone: a number that fits nowhere must not cost the reading of a life.
    """
    number = sent.tracking
    mine = [
        each
        for each in work.cases.of_members([number_key(sent.member)])
        if each.case.submitter == caller.id and each.case.guide is guide
    ]
    for each in mine:
        if number == each.case.number or number in (value for _, value in each.numbers):
            return each.case
    for each in mine:
        if number.startswith(f"{each.case.number}-") and number in _asked(work, each.case):
            return each.case
    for each in mine[:MOST_READ]:
        if number in _inside(context, work, each.case):
            return each.case
    return None


def _asked(work: Write, case: Case) -> Iterator[str]:
    """The control numbers of the documents that its decisions asked for."""
    for stored in work.decisions.of(case.id):
        for item in stored.decision.items:
            kinds = dict.fromkeys(need.loinc for need in item.needed)
            for position in range(1, len(kinds) + 1):
                yield control_number(case.number, item.sequence, position)


def _inside(context: Context, work: Write, case: Case) -> Iterator[str]:
    """Our trace numbers, the answer's id and the request's own identifiers."""
    for stored in work.decisions.of(case.id):
        yield from (item.trace.value for item in stored.decision.items if item.trace)
    opened = open_stored(context, work, case)
    yield last_answer(work, opened).id
    yield from (identifier.value for identifier in opened.request.identifiers)


def _check(context: Context, guide: Guide, sent: Sent) -> None:
    """Raise Invalid for content that is not even FHIR R4."""
    validator = context.validators[guide]
    issues = [issue for each in sent.resources for issue in validator.resource(dict(each), None)]
    if any(issue.is_error for issue in issues):
        raise Invalid("What is attached breaks rules of its type.", issues)


def _judge_again(
    context: Context,
    work: Write,
    opened: Open,
    resources: Sequence[Mapping[str, Any]],
    moment: Moment,
) -> None:
    """Judge the request with what arrived beside it; without a coverage a person has to."""
    coverage, fresh = opened.stored.eligibility, None
    if isinstance(coverage, Coverage):
        bundle = with_resources(opened.bundle, tuple(resources), moment)
        request = read_request(bundle, opened.case.guide)
        request = with_told_facts(request, work, moment.now, context.limits)
        rulebook = rulebook_for(request, context.in_force)
        asked = asks_history(request, rulebook, rulebook.today(moment.now))
        history = OpenHistory(work, opened.case.id)
        told = with_history(request, *asked.of(history, coverage, moment.now))
        fresh = decide(told, coverage, rulebook, moment)
    decision = rejudged(opened.stored.decision, fresh, moment)
    answer_anew(context, work, opened, decision, MACHINE, moment)


def _says(code: str, message: str, sent: Sent | None = None) -> bytes:
    said = [Issue("information", "informational", code, "", message)]
    if sent and sent.signed:
        kept = "The signature is kept with the form. It was not verified and nothing depends on it."
        said.append(Issue("information", "informational", "signature-not-verified", "", kept))
    return outcome_bytes(said)
