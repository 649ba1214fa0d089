"""Another company reviews for the payer: it is asked, reminded, and decides by the rules of the desk.

Asking is a queue of rows (docs/adr/0022), opened in the transaction that makes a case wait for the
company. Its answer comes with the call, by a later look, or by its own signed call. A decision goes
through `app.flows.review` like that of any person: who, with which NPI, by which criteria. What it may
not decide is refused. In the end a case that it does not decide is given back to the payer's people.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson

from app.auth.roles import check
from app.auth.scopes import Scope
from app.clients.delegate import HEADER, DelegateDesk, Vendor, is_signed
from app.clients.policy import CallFailed, Reason
from app.clock import Moment
from app.determine.review import failed, given_back
from app.domain.case import WAITING, Case
from app.domain.decision import ItemDecision
from app.domain.delegation import Delegation, DelegationState
from app.domain.event import Event, EventKind
from app.domain.principal import Principal, Role
from app.domain.review import Act, Approve, Ask, Deny, Modify, Release, Take
from app.errors import NotAllowed, NotFound, Refused, Unprocessable
from app.fhir.validate.text import parse
from app.flows.context import Context
from app.flows.hand_over import waiting_for_delegates
from app.flows.held import arrived
from app.flows.new_answer import Open, answer_anew, open_stored
from app.flows.record import MACHINE
from app.flows.review import Reviewer, review
from app.sealed import sealed

LEASE = timedelta(seconds=45)
"""A call lasts 20 seconds at most, so two workers never call about one case at the same time."""
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)
SIGNATURE = HEADER
"""The header of a call that is signed, ours and theirs."""
DECISIONS = ("approve", "modify", "deny", "ask")

ActOf = Callable[[str, Any], tuple[Act, Reviewer]]
"""What a body of the desk's interface says; `app.web.desk.acts.act_of`."""


@sealed(frozen=True, slots=True)
class Asking:
    """Who is asked, and by what: the company's desk, and how its decisions are read."""

    context: Context
    desk: DelegateDesk
    act_of: ActOf


@sealed(frozen=True, slots=True)
class _Said:
    """One act of the company, who does it, and in which role."""

    act: Approve | Modify | Deny | Ask
    by: Reviewer
    role: Role


def address_of(context: Context, id: uuid.UUID) -> str:
    """Where the company may send its decision."""
    return f"{context.settings.address}/desk/delegates/{id}"


def ask_next(asking: Asking, moment: Moment) -> bool:
    """Call about the one case that waits longest; False when nothing waits.

    Raises Unavailable without a database.
    """
    context, names = asking.context, list(asking.context.vendors)
    tenant, lease = context.settings.tenant, moment.new_id()
    with context.store.read(tenant) as look:
        if not look.delegations.any_due(names, moment.now):
            return False
    with context.store.write(tenant) as work:
        taken = work.delegations.take(names, moment.now, moment.now + LEASE, lease)
    if taken is None:
        return False
    with context.store.read(tenant) as look:
        case = look.cases.get(taken.case_id)
        opened = open_stored(context, look, case) if case else None
        papers = arrived(context, look, opened.events) if opened else ()
    if opened is None or not _theirs(opened, taken):
        with context.store.write(tenant) as work:
            work.delegations.close(taken.id, DelegationState.DECIDED)
    elif moment.now >= answer_by(context, opened.case, taken):
        _give_back(context, taken, moment)
    else:
        _call(asking, opened, papers, taken, lease, moment)
    return True


def answered(
    context: Context,
    act_of: ActOf,
    caller: Principal,
    name: str,
    raw: bytes,
    signed: str,
    moment: Moment,
) -> Case:
    """The company calls with its decision. Raises NotFound, NotAllowed without its signature, and what
    `app.flows.review.review` raises for what it may not decide.
    """
    check(caller, Scope.DELEGATED)
    with context.store.read(caller.tenant) as look:
        try:
            found = look.delegations.get(uuid.UUID(name))
        except ValueError:
            found = None
    vendor = context.vendors.get(found.delegate) if found else None
    if found is None or vendor is None:
        raise NotFound("There is no such request to a delegate.")
    path = urlsplit(address_of(context, found.id)).path
    if not is_signed(vendor.secret, signed, "POST", path, raw, moment.now):
        raise NotAllowed("The call is not signed with the delegate's secret, or too old.")
    return _decided(context, act_of, found, parse(raw, context.limits), moment)


def answer_by(context: Context, case: Case, taken: Delegation) -> datetime:
    """When a case goes back: after the delegate's hours, at the latest when it is due."""
    delegate = context.rulebook.delegates.get(taken.delegate)
    hours = delegate.hours if delegate else 0
    ends = [taken.opened_at + timedelta(hours=hours)] if hours else []
    return min([*ends, *([case.due] if case.due else [])], default=taken.opened_at + LONGEST_WAIT)


def _call(
    asking: Asking,
    opened: Open,
    papers: Sequence[Mapping[str, Any]],
    taken: Delegation,
    lease: uuid.UUID,
    moment: Moment,
) -> None:
    vendor = asking.context.vendors[taken.delegate]
    try:
        if taken.state is DelegationState.OPEN:
            body = _request(asking.context, opened, papers, taken)
            told = asking.desk.ask(vendor, str(taken.id), orjson.dumps(body), moment.now)
        else:
            told = asking.desk.look(vendor, str(taken.id), moment.now)
        if told.get("status") == "decided":
            _decided(asking.context, asking.act_of, taken, told, moment)
            return
        if told.get("status") != "pending":
            raise CallFailed(Reason.UNREADABLE, "The status is neither pending nor decided.")
    except (CallFailed, Refused) as fault:
        _failed(asking.context, taken, lease, _words(fault), moment)
        return
    _asked(asking.context, taken, vendor, lease, moment)


def _words(fault: CallFailed | Refused) -> str:
    """Ours in both: they name rules and origins, never a person."""
    return f"not reached: {fault.reason}" if isinstance(fault, CallFailed) else fault.message


def _asked(
    context: Context, taken: Delegation, vendor: Vendor, lease: uuid.UUID, moment: Moment
) -> None:
    again = moment.now + timedelta(seconds=vendor.poll_seconds)
    with context.store.write(context.settings.tenant) as work:
        held = work.delegations.settle(taken.id, lease, DelegationState.ASKED, again)
        if held and taken.state is DelegationState.OPEN:
            told = {"delegate": taken.delegate, "request": str(taken.id)}
            work.events.append(_event(taken, EventKind.DELEGATED, told, moment))


def _failed(
    context: Context, taken: Delegation, lease: uuid.UUID, error: str, moment: Moment
) -> None:
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(taken.failures, 20))
    with context.store.write(context.settings.tenant) as work:
        work.delegations.settle(
            taken.id, lease, taken.state, moment.now + wait, taken.failures + 1, error
        )


def _give_back(context: Context, taken: Delegation, moment: Moment) -> None:
    """In one transaction: the items wait for the payer's own people, and the company is not asked."""
    told = {"delegate": taken.delegate, "request": str(taken.id)}
    with context.store.write(context.settings.tenant) as work:
        work.cases.hold(taken.case_id)
        case = work.cases.get(taken.case_id)
        work.delegations.close(taken.id, DelegationState.GIVEN_BACK)
        opened = open_stored(context, work, case) if case else None
        if opened is not None and _theirs(opened, taken):
            decision = given_back(opened.stored.decision, taken.delegate, moment)
            back = [(EventKind.GIVEN_BACK, told)]
            answer_anew(context, work, opened, decision, MACHINE, moment, back)


def _decided(
    context: Context, act_of: ActOf, taken: Delegation, told: Mapping[str, Any], moment: Moment
) -> Case:
    """Carry out what the company says, each act under the rules of the desk.

    What was carried out before, by a worker that died or by an earlier call, is passed over.
    """
    said = list(_acts(act_of, told))
    for each in said:
        opened = _look(context, taken)
        theirs = _theirs(opened, taken)
        act = _within(each.act, theirs)
        if act is None:
            continue
        caller = Principal(
            f"delegate:{taken.delegate}", context.settings.tenant, frozenset({each.role})
        )
        number = opened.case.number
        _hand(context, caller, opened, each.by, moment)
        case = review(context, caller, number, act, each.by, moment)
        if case.state in WAITING:
            review(context, caller, number, Release(), each.by, moment)
    opened = _look(context, taken)
    if not _theirs(opened, taken):
        with context.store.write(context.settings.tenant) as work:
            work.delegations.close(taken.id, DelegationState.DECIDED)
    else:
        raise Unprocessable("Some of the delegate's items are not decided.", at="acts")
    return opened.case


def _hand(context: Context, caller: Principal, opened: Open, by: Reviewer, moment: Moment) -> None:
    """Take the case, unless this person of the company has it from a call that was cut short."""
    hands = [e for e in opened.events if e.kind in (EventKind.TAKEN, EventKind.RELEASED)]
    if hands and hands[-1].kind is EventKind.TAKEN and hands[-1].actor == by.id:
        return
    review(context, caller, opened.case.number, Take(), by, moment)


def _acts(act_of: ActOf, told: Mapping[str, Any]) -> Iterator[_Said]:
    """The acts, all of them read before the first is carried out. Raises Unprocessable."""
    listed = told.get("acts")
    if (
        not listed
        or not isinstance(listed, list)
        or not all(isinstance(each, dict) for each in listed)
    ):
        raise Unprocessable("A decision lists its acts.", at="acts")
    found = []
    for each in listed:
        body = {name: value for name, value in each.items() if name not in ("do", "role")}
        if each.get("do") not in DECISIONS:
            raise Unprocessable(f"An act is one of {', '.join(DECISIONS)}.", at="acts.do")
        if each.get("role") not in (Role.REVIEWER, Role.MEDICAL_DIRECTOR):
            raise Unprocessable("Each act says in which role it is done.", at="acts.role")
        act, by = act_of(each["do"], body)
        assert isinstance(act, Approve | Modify | Deny | Ask)
        found.append(_Said(act, by, Role(each["role"])))
    yield from found


def _within(
    act: Approve | Modify | Deny | Ask, theirs: Sequence[ItemDecision]
) -> Approve | Modify | Deny | Ask | None:
    """The act as far as it is about items that wait for this company; None when nothing is left."""
    waiting = {each.sequence for each in theirs}
    if not isinstance(act, Approve):
        return act if act.item in waiting else None
    items = tuple(sorted(waiting.intersection(act.items or waiting)))
    return replace(act, items=items) if items else None


def _look(context: Context, taken: Delegation) -> Open:
    with context.store.read(context.settings.tenant) as look:
        case = look.cases.get(taken.case_id)
        if case is None:
            raise NotFound("There is no such request to a delegate.")
        return open_stored(context, look, case)


def _theirs(opened: Open, taken: Delegation) -> list[ItemDecision]:
    return [
        e for e in waiting_for_delegates(opened.stored.decision) if e.delegate == taken.delegate
    ]


def _event(taken: Delegation, kind: EventKind, told: Mapping[str, object], moment: Moment) -> Event:
    return Event(moment.new_id(), taken.case_id, kind, moment.now, MACHINE, told)


def _request(
    context: Context, opened: Open, papers: Sequence[Mapping[str, Any]], taken: Delegation
) -> dict[str, Any]:
    """What the company is sent: the request as it came, and how the payer's criteria stand."""
    services = {item.sequence: item.service.first() for item in opened.request.items}
    items = []
    for each in _theirs(opened, taken):
        service = services.get(each.sequence)
        items.append(
            {
                "item": each.sequence,
                "service": {"system": service.system, "code": service.code} if service else None,
                "policy": each.policy.id if each.policy else "",
                "version": each.policy.version if each.policy else "",
                "failed": [e.rule for e in failed(each.finding)] if each.finding else [],
            }
        )
    return {
        "id": str(taken.id),
        "delegate": taken.delegate,
        "case": opened.case.number,
        "guide": opened.case.guide.value,
        "language": opened.stored.decision.language,
        "answer_by": answer_by(context, opened.case, taken),
        "answer_to": address_of(context, taken.id),
        "items": items,
        "request": opened.bundle,
        "attachments": list(papers),
    }
