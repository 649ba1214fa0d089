"""A person decides: take, release, ask, approve, modify, deny, overturn, or takes more time; each is a
version and an event.

Who may is `app.auth.roles`, what the state allows `app.domain.case`, what a decision must hold
`app.determine.review`. The whole act is one transaction, and one person at a time has a case.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.auth.roles import ACTS, check
from app.auth.scopes import Scope
from app.clock import Moment
from app.determine.explain import explain
from app.determine.extend import extended
from app.determine.review import failed, member_language, reviewed
from app.domain.case import WAITING, Case
from app.domain.decision import Extension, HumanReview, Outcome
from app.domain.event import Event, EventKind
from app.domain.principal import Principal, Role
from app.domain.review import Act, Ask, Extend, Overturn, Release, Take
from app.errors import Conflict, NotFound, Unprocessable
from app.flows.context import Context
from app.flows.explain_case import explain_case
from app.flows.new_answer import answer_anew, open_stored, running
from app.sealed import sealed
from app.store import Write

MOST = 200
"""Cases in one list."""


@sealed(frozen=True, slots=True)
class Reviewer:
    """Who acts: an id of the payer's own, and what a denial is signed with."""

    id: str
    npi: str = ""
    specialty: str = ""


@sealed(frozen=True, slots=True)
class Waiting:
    """A case in the list; `holder` is who has taken it, else "". `escalated`: its deadline was missed."""

    case: Case
    holder: str
    escalated: bool = False


@sealed(frozen=True, slots=True)
class Sheet:
    """A case as a reviewer reads it.

    `items` is the outcome of each by sequence, `policies` the id of the policy it was held against
    or "", `failed` the cited criteria of each that are not met: what a denial can rest on. `language` is the member's, `lines` the explanation in English.
    """

    case: Case
    holder: str
    language: str
    items: Mapping[int, Outcome]
    policies: Mapping[int, str]
    failed: Mapping[int, tuple[str, ...]]
    lines: tuple[str, ...]
    extensions: tuple[Extension, ...]
    events: tuple[Event, ...]


def waiting(context: Context, caller: Principal) -> list[Waiting]:
    """The cases that wait, those due first before the others."""
    check(caller, Scope.REVIEW)
    with context.store.read(caller.tenant) as look:
        found = look.cases.waiting(MOST)
        ids = [case.id for case in found]
        holders, late = look.events.holders(ids), look.events.escalated(ids)
    return [Waiting(case, holders.get(case.id, ""), case.id in late) for case in found]


def sheet(context: Context, caller: Principal, name: str) -> Sheet:
    """The case that a number or the id of its ClaimResponse leads to. Raises NotFound."""
    check(caller, Scope.REVIEW)
    story = explain_case(context.store, caller.tenant, name)
    decision = story.decisions[-1].decision
    unmet = {e.sequence: tuple(failed(e.finding)) for e in decision.items if e.finding}
    return Sheet(
        case=story.case,
        holder=holder(story.events),
        language=member_language(decision),
        items={each.sequence: each.outcome for each in decision.items},
        policies={e.sequence: e.policy.id if e.policy else "" for e in decision.items},
        failed={item: tuple(each.rule for each in found) for item, found in unmet.items()},
        lines=tuple(explain(decision)),
        extensions=decision.extensions,
        events=story.events,
    )


def review(
    context: Context, caller: Principal, name: str, act: Act, by: Reviewer, moment: Moment
) -> Case:
    """Carry out one act on a case, and return the case as it is then.

    Raises NotAllowed, NotFound, Conflict (the state, or somebody else has it) and Unprocessable.
    """
    check(caller, ACTS[type(act)])
    if not by.id.strip():
        raise Unprocessable("Say who acts.", at="by.id")
    with context.store.write(caller.tenant) as work:
        found = work.cases.by_number(name)
        if found is None:
            raise NotFound("No case has this number.")
        work.cases.hold(found.id)
        case = work.cases.get(found.id) or found
        if isinstance(act, Take | Release):
            _hand(work, case, act, by, moment)
            return case
        return _decide(context, work, caller, case, act, by, moment)


def _hand(work: Write, case: Case, act: Take | Release, by: Reviewer, moment: Moment) -> None:
    holder = work.events.holders([case.id]).get(case.id, "")
    if isinstance(act, Take):
        _waits(case)
        if holder:
            raise Conflict("Somebody has taken this case already; it must be released first.")
    elif holder != by.id:
        raise Conflict("Only who has taken a case can release it.")
    kind = EventKind.TAKEN if isinstance(act, Take) else EventKind.RELEASED
    work.events.append(Event(moment.new_id(), case.id, kind, moment.now, by.id, {}))


def _decide(
    context: Context,
    work: Write,
    caller: Principal,
    case: Case,
    act: Act,
    by: Reviewer,
    moment: Moment,
) -> Case:
    assert not isinstance(act, Take | Release)
    opened = open_stored(context, work, case)
    if not isinstance(act, Overturn):
        _waits(case)
        if holder(opened.events) != by.id:
            raise Conflict("Take the case first: it is decided by who has taken it.")
    director = Role.MEDICAL_DIRECTOR in caller.roles
    role = Role.MEDICAL_DIRECTOR if director else Role.REVIEWER
    signed = HumanReview(by.id, by.npi, by.specialty, moment.now, role)
    zone, before = context.rulebook.time_zone, opened.stored.decision
    if isinstance(act, Extend):
        rules = context.rulebook.deadlines
        made = extended(before, act, rules, running(opened), zone, moment)
        return answer_anew(context, work, opened, made, by.id, moment).case
    decision = reviewed(before, opened.request, act, signed, zone, moment)
    told: list[tuple[EventKind, Mapping[str, object]]] = []
    if isinstance(act, Ask):
        asked = {"facts": {str(act.item): [need.fact for need in act.needed]}}
        told.append((EventKind.INFORMATION_REQUESTED, asked))
    return answer_anew(context, work, opened, decision, by.id, moment, told).case


def _waits(case: Case) -> None:
    if case.state not in WAITING:
        raise Conflict(f"The case is {case.state}: it does not wait for a person.")


def holder(events: tuple[Event, ...]) -> str:
    """Who has taken the case and not given it back, else ""."""
    hands = [e for e in events if e.kind in (EventKind.TAKEN, EventKind.RELEASED)]
    return hands[-1].actor if hands and hands[-1].kind is EventKind.TAKEN else ""
