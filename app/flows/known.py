"""Before a request is judged: is anything stored that it has to do with? Asked once, for all of it."""

from __future__ import annotations

from app.domain.request import Use
from app.fhir.kind import Kind
from app.flows.accept import Sent
from app.flows.context import Context
from app.flows.held import tracking_numbers
from app.flows.prior import own_mark
from app.store import Known, Names


def what_is_known(context: Context, sent: Sent, kind: Kind) -> Known:
    """Where there is something to look up about an accepted request; an update finds its own past.

    Only a new request can have been overtaken by its own update, and nothing is held for an opinion.
    """
    request = sent.request
    if kind is Kind.NEW or request.use is not Use.PREAUTHORIZATION:
        names = Names(
            sent.mark.transaction,
            adopted=own_mark(request) if kind is Kind.NEW else "",
            tracking=tracking_numbers(request) if kind is Kind.NEW else (),
            told=tuple(dict.fromkeys(key for item in request.items for key in item.assertion_ids)),
        )
    else:
        names = Names(sent.mark.transaction)
    with context.store.read(sent.caller.tenant) as look:
        return look.past.of(sent.caller.id, names)
