"""Attachments that nobody asked for (CDex, unsolicited): held until a request with their number comes.

A request matches when the same caller sends it in the same guide version, with the tracking number
as an identifier of the Claim or of an item, about the same member or patient number, by a provider
that the attachment names. What it then brings along counts as if it had been in the request.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from app.clock import Moment
from app.determine.eligibility import number_key, numbers
from app.domain.case import Case, CaseState
from app.domain.event import Event, EventKind
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.request import PriorAuthRequest, Use
from app.errors import Broken
from app.fhir.read.attachments import Sent, read_attachments
from app.fhir.validate.text import parse
from app.flows.context import Context
from app.sealed import sealed
from app.store import Held, Read, Write

_OURS = re.compile(r"F[ACPRT]-")
"""How the numbers begin that we give: who sends one of these answers us, and is not early."""


@sealed(frozen=True, slots=True)
class Early:
    """What came before its request: the rows to match, and the resources inside."""

    held: tuple[Held, ...] = ()
    resources: tuple[Mapping[str, Any], ...] = ()


NOTHING = Early()


def can_be_held(context: Context, sent: Sent) -> bool:
    """Whether a number that leads to no request may be one of the provider's own."""
    ours = sent.system.startswith(context.settings.namespace) or _OURS.match(sent.tracking)
    return not ours and context.rulebook.hold_days > 0


def hold(
    context: Context,
    work: Write,
    caller: Principal,
    guide: Guide,
    sent: Sent,
    document: uuid.UUID,
    told: Mapping[str, object],
    moment: Moment,
) -> Held:
    """Keep a submission, all of which is stored as `document`, until its request comes."""
    made = Held(
        moment.new_id(),
        caller.id,
        guide,
        sent.tracking,
        sent.member,
        sent.providers,
        document,
        told,
        moment.now,
        moment.now + timedelta(days=context.rulebook.hold_days),
    )
    work.held.put(made)
    return made


def early(
    context: Context, look: Read, caller: Principal, request: PriorAuthRequest, moment: Moment
) -> Early:
    """What waits for this request, nothing for an opinion: it would be lost for the request itself.

    Raises Unavailable, and Broken when a document is gone.
    """
    if request.use is not Use.PREAUTHORIZATION:
        return NOTHING
    found = look.held.find(caller.id, request.guide, tracking_numbers(request), moment.now)
    mine = tuple(each for each in found if _belongs(each, request))
    resources: list[Mapping[str, Any]] = []
    for each in mine:
        document = look.documents.get(each.document)
        if document is None:
            raise Broken("A held attachment has lost its document.")
        resources += read_attachments(parse(document.content, context.limits)).resources
    return Early(mine, tuple(resources))


def tracking_numbers(request: PriorAuthRequest) -> tuple[str, ...]:
    """The numbers under which something may wait for this request: its own and its items'."""
    traces = [each for item in request.items for each in item.trace_numbers]
    named = (*request.identifiers, *traces)
    return tuple(dict.fromkeys([each.value for each in named if each.value]))


def arrived(
    context: Context, look: Read | Write, events: Iterable[Event]
) -> tuple[Mapping[str, Any], ...]:
    """Every document and form that came for a case besides its request, the oldest first."""
    found: list[Mapping[str, Any]] = []
    for event in events:
        if event.kind is EventKind.ATTACHED:
            document = look.documents.get(uuid.UUID(str(event.data["document"])))
            if document is None:
                raise Broken("A stored case has lost an attachment.")
            found += read_attachments(parse(document.content, context.limits)).resources
    return tuple(found)


def with_resources(
    bundle: Mapping[str, Any], resources: tuple[Mapping[str, Any], ...], moment: Moment
) -> Mapping[str, Any]:
    """The request as received, with more resources beside it; only to be read, never sent."""
    added = [{"fullUrl": moment.new_uuid().urn, "resource": resource} for resource in resources]
    return {**bundle, "entry": [*bundle["entry"], *added]}


def give(work: Write, found: Early, case: Case, moment: Moment) -> None:
    """Give what waited to its case: one event each, as when it comes later.

    A request with a business error gets nothing: it will be sent again, corrected.
    """
    if case.state is CaseState.REJECTED:
        return
    for each in found.held:
        if work.held.matched(each.id, case.id):
            told = {**each.told, "document": str(each.document), "held": True}
            kind = EventKind.ATTACHED
            work.events.append(
                Event(moment.new_id(), case.id, kind, moment.now, each.submitter, told)
            )


def _belongs(each: Held, request: PriorAuthRequest) -> bool:
    about = {number.key for number in numbers(request)}
    parties = [request.submitter, *(member.party for member in request.care_team)]
    parties += [member.party for item in request.items for member in item.care_team]
    providers = {found.value for party in parties for found in party.identifiers}
    return number_key(each.member) in about and not providers.isdisjoint(each.providers)
