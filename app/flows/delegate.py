"""Another company reviews for the payer: it is asked and reminded.

Asking is a queue of rows (docs/adr/0022), opened in the transaction that makes a case wait for the
company. Its answer comes with the call, by a later look, or by its own signed call
(`app.flows.delegate_answer`). In the end a case that it does not decide is given back to the payer's people.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from app.clients.delegate import DelegateDesk, Vendor
from app.clients.policy import CallFailed, Reason
from app.clock import Moment
from app.determine.review import failed, given_back
from app.domain.case import Case
from app.domain.delegation import Delegation, DelegationState
from app.domain.event import Event, EventKind
from app.errors import Refused
from app.flows.context import Context
from app.flows.delegate_answer import ActOf, address_of, decided, theirs_in
from app.flows.held import arrived
from app.flows.new_answer import Open, answer_anew, open_stored
from app.flows.record import MACHINE
from app.sealed import sealed

LEASE = timedelta(seconds=45)
"""A call lasts 20 seconds at most, so two workers never call about one case at the same time."""
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)


@sealed(frozen=True, slots=True)
class Asking:
    """Who is asked, and by what: the company's desk, and how its decisions are read."""

    context: Context
    desk: DelegateDesk
    act_of: ActOf


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
    if opened is None or not theirs_in(opened, taken):
        with context.store.write(tenant) as work:
            work.delegations.close(taken.id, DelegationState.DECIDED)
    elif moment.now >= answer_by(context, opened.case, taken):
        _give_back(context, taken, moment)
    else:
        _call(asking, opened, papers, taken, lease, moment)
    return True


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
            decided(asking.context, asking.act_of, taken, told, moment)
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
        if opened is not None and theirs_in(opened, taken):
            decision = given_back(opened.stored.decision, taken.delegate, moment)
            back = [(EventKind.GIVEN_BACK, told)]
            answer_anew(context, work, opened, decision, MACHINE, moment, back)


def _event(taken: Delegation, kind: EventKind, told: Mapping[str, object], moment: Moment) -> Event:
    return Event(moment.new_id(), taken.case_id, kind, moment.now, MACHINE, told)


def _request(
    context: Context, opened: Open, papers: Sequence[Mapping[str, Any]], taken: Delegation
) -> dict[str, Any]:
    """What the company is sent: the request as it came, and how the payer's criteria stand."""
    services = {item.sequence: item.service.first() for item in opened.request.items}
    items = []
    for each in theirs_in(opened, taken):
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
