"""Deadlines that passed: the case gets that into its log, is escalated, and the law takes its course."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.clock import Moment
from app.determine.lapse import lapsed
from app.domain.case import WAITING, Case
from app.domain.event import Event, EventKind
from app.flows.context import Context
from app.flows.new_answer import Open, answer_anew, open_stored
from app.flows.record import MACHINE
from app.flows.review import holder
from app.store import Store, Write

MOST = 200
"""Cases in one round: each has a transaction of its own, so that none holds up the others."""


def expire(
    store: Store, tenant: str, moment: Moment, context: Callable[[], Context]
) -> tuple[Case, ...]:
    """Note each missed deadline once, and return the cases that missed theirs.

    Several workers may run at the same time. A late case is escalated: whoever holds it holds it no
    longer. Only where the rule says that the law approves is it approved; no machine decides it
    otherwise, least of all against the member. `context` is asked for when something is late.
    """
    with store.read(tenant) as look:
        late = look.cases.overdue(moment.now, MOST)
    return tuple(case for case in late if _escalate(context(), case, moment))


def _escalate(context: Context, case: Case, moment: Moment) -> bool:
    """False when another worker, or a decision, was faster."""
    with context.store.write(case.tenant) as work:
        work.cases.hold(case.id)
        now = work.cases.get(case.id) or case
        if now.state not in WAITING or now.due is None or now.due >= moment.now:
            return False
        opened = open_stored(context, work, now)
        noted = [e for e in opened.events if e.kind is EventKind.CLOCK_EXPIRED]
        if any(each.data["due"] == now.due.isoformat() for each in noted):
            return False
        _note(context, work, opened, moment)
    return True


def _note(context: Context, work: Write, opened: Open, moment: Moment) -> None:
    case, decision = opened.case, opened.stored.decision
    rules = {each.id: each for each in context.rulebook.deadlines}
    rule = rules.get(decision.deadline_rule)
    lapse = rule.lapse if rule else None

    def log(kind: EventKind, actor: str, data: Mapping[str, object]) -> None:
        work.events.append(Event(moment.new_id(), case.id, kind, moment.now, actor, data))

    due = case.due.isoformat() if case.due else ""
    effect = lapse.effect.value if lapse else "none"
    log(
        EventKind.CLOCK_EXPIRED,
        MACHINE,
        {"due": due, "rule": decision.deadline_rule, "effect": effect},
    )
    if who := holder(opened.events):
        log(EventKind.RELEASED, who, {"because": "overdue"})
    log(EventKind.ESCALATED, MACHINE, {"because": "overdue"})
    made = lapsed(decision, opened.request, lapse, context.rulebook.time_zone, moment)
    if made is not None:
        answer_anew(context, work, opened, made, MACHINE, moment)
