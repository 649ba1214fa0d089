"""What another company decides for the payer, by the rules of the desk.

Its decision comes with our call (`app.flows.delegate`) or by its own signed call, and goes through
`app.flows.review` like that of any person: who, with which NPI, by which criteria. What it may not decide is
refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from app.auth.roles import check
from app.auth.scopes import Scope
from app.clients.delegate import HEADER, is_signed
from app.clock import Moment
from app.domain.case import WAITING, Case
from app.domain.decision import ItemDecision
from app.domain.delegation import Delegation, DelegationState
from app.domain.event import EventKind
from app.domain.principal import Principal, Role
from app.domain.review import Act, Approve, Ask, Deny, Modify, Release, Take
from app.errors import NotAllowed, NotFound, Unprocessable
from app.fhir.validate.text import parse
from app.flows.context import Context
from app.flows.hand_over import waiting_for_delegates
from app.flows.new_answer import Open, open_stored
from app.flows.review import Reviewer, review
from app.sealed import sealed

SIGNATURE = HEADER
"""The header of a call that is signed, ours and theirs."""
DECISIONS = ("approve", "modify", "deny", "ask")

ActOf = Callable[[str, Any], tuple[Act, Reviewer]]
"""What a body of the desk's interface says; `app.web.desk.acts.act_of`."""


@sealed(frozen=True, slots=True)
class _Said:
    """One act of the company, who does it, and in which role."""

    act: Approve | Modify | Deny | Ask
    by: Reviewer
    role: Role


def address_of(context: Context, id: uuid.UUID) -> str:
    """Where the company may send its decision."""
    return f"{context.settings.address}/desk/delegates/{id}"


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
    return decided(context, act_of, found, parse(raw, context.limits), moment)


def decided(
    context: Context, act_of: ActOf, taken: Delegation, told: Mapping[str, Any], moment: Moment
) -> Case:
    """Carry out what the company says, each act under the rules of the desk.

    What was carried out before, by a worker that died or by an earlier call, is passed over.
    """
    said = list(_acts(act_of, told))
    for each in said:
        opened = _look(context, taken)
        theirs = theirs_in(opened, taken)
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
    if not theirs_in(opened, taken):
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


def theirs_in(opened: Open, taken: Delegation) -> list[ItemDecision]:
    """The items that wait for this company."""
    return [
        e for e in waiting_for_delegates(opened.stored.decision) if e.delegate == taken.delegate
    ]
