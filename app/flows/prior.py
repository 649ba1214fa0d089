"""Which stored case an update speaks of, and whether it was made from the current version.

By the prior Claim's address, then its identifiers, then those of the Claim before it, then a number
of ours; only among what the same caller sent for the same member. The newest such case counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from app.determine.eligibility import numbers
from app.domain.case import Case, CaseState
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.request import PriorAuthRequest
from app.domain.update import Named, Update
from app.errors import NotForHere
from app.fhir.kind import claim_of
from app.fhir.read.update import prior_claim
from app.fhir.validate.text import parse
from app.flows.accept import Sent, bundle_in
from app.flows.context import Context
from app.flows.new_answer import Open, open_stored
from app.flows.record import UNSEEN, names_of
from app.sealed import sealed
from app.store import NameKind, Read

NEWEST = 1_000_000
"""The version that a number or an address of ours means: the current one."""
_AT = "Bundle.entry[0].resource.related[0].claim"


@sealed(frozen=True, slots=True)
class Found:
    """A case, and the version of its request from which the update was made."""

    opened: Open
    base: int

    @property
    def version(self) -> int:
        """The number of the current version."""
        return sum(event.kind is EventKind.RECEIVED for event in self.opened.events)

    @property
    def is_current(self) -> bool:
        """Whether the update was made from the version that is in force."""
        return self.base >= self.version


def find(
    context: Context, look: Read, caller: Principal, request: PriorAuthRequest, update: Update
) -> Found | None:
    """The case that the update is about, or None. What ended in a business error has no case.

    Raises NotForHere when the request before it came in under the other guide version.
    """
    elsewhere: Guide | None = None
    for case, version in _candidates(context, look, caller, update, request.guide):
        if case.submitter != caller.id or case.state is CaseState.REJECTED:
            continue
        opened = open_stored(context, look, case)
        if not is_same_member(opened.request, request):
            continue
        if case.guide is request.guide:
            return Found(opened, version)
        elsewhere = case.guide
    if elsewhere is not None:
        raise NotForHere(
            f"The request before this one came to /fhir/{elsewhere.value}: send its update there.",
            at=_AT,
        )
    return None


def overtaken(context: Context, look: Read, sent: Sent) -> Found | None:
    """The case that an update has begun before this request, which it updates, came in itself.

    Only when the Claim is the very one that the update brought along: an address may be used again.
    """
    request = sent.request
    for hit in look.request_names.find(sent.caller.id, NameKind.ADOPTED, own_mark(request)):
        case = look.cases.get(hit.case_id)
        if case is not None and case.guide is request.guide:
            first = next(e for e in look.events.of(case.id) if e.kind is EventKind.RECEIVED)
            received = look.documents.get(uuid.UUID(str(first.data["document"])))
            if received is not None:
                bundle, _ = bundle_in(parse(received.content, context.limits))
                if prior_claim(bundle) == claim_of(sent.bundle):
                    return Found(open_stored(context, look, case), UNSEEN)
    return None


def own_mark(request: PriorAuthRequest) -> str:
    """The mark under which an update has adopted this request, if one came before it."""
    return adoption_mark(Named(request.request_full_url, request.identifiers), request)


def adoption_mark(prior: Named, request: PriorAuthRequest) -> str:
    """What only one case is made of: a request that we never saw, of one member."""
    member = next((each.key for each in numbers(request)), "")
    known = prior.full_url or next((each.value for each in prior.identifiers), "")
    return f"{member} {known}"


def is_same_member(one: PriorAuthRequest, other: PriorAuthRequest) -> bool:
    """Whether both name the member by a common number."""
    return bool({each.key for each in numbers(one)} & {each.key for each in numbers(other)})


def _candidates(
    context: Context, look: Read, caller: Principal, update: Update, guide: Guide
) -> Iterator[tuple[Case, int]]:
    for named in (*update.prior, *([] if update.prior else [update.own])):
        for kind, name in names_of(named):
            for hit in look.request_names.find(caller.id, kind, name):
                if case := look.cases.get(hit.case_id):
                    yield case, hit.version
        if case := _of_ours(context, look, named.full_url, guide):
            yield case, NEWEST
    for number in update.numbers:
        if case := look.cases.by_number(number):
            yield case, NEWEST


def _of_ours(context: Context, look: Read, address: str, guide: Guide) -> Case | None:
    """The case of a Claim or ClaimResponse as we serve it."""
    kind, _, name = address.removeprefix(f"{context.base(guide)}/").partition("/")
    found = look.resources.get(kind, name) if kind in ("Claim", "ClaimResponse") else None
    return look.cases.get(found.case_id) if found else None
