"""The same submission again: recognised by caller, Bundle.identifier and content (ADR 0010)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from app.clock import Moment
from app.domain.event import Event, EventKind
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.values import Identifier
from app.errors import Broken, Conflict
from app.flows.context import Context
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Mark:
    """What makes two submissions of one caller the same: who numbered it how, and its content."""

    transaction: Identifier
    sha256: bytes


def mark_of(bundle: Mapping[str, Any], guide: Guide) -> Mark | None:
    """The mark of a parsed, not yet validated bundle; None without a usable identifier.

    Content is the JSON with sorted members, so white space and order do not count.
    """
    identifier = bundle.get("identifier")
    if not isinstance(identifier, dict):
        return None
    system, value = identifier.get("system", ""), identifier.get("value")
    if not isinstance(value, str) or not value or not isinstance(system, str):
        return None
    content = orjson.dumps(bundle, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(guide.value.encode() + b"\n" + content).digest()
    return Mark(Identifier(system, value), digest)


def earlier_answer(context: Context, caller: Principal, mark: Mark, moment: Moment) -> bytes | None:
    """The stored answer to this very submission, its repetition noted in the log of its case.

    None when the identifier is new; Conflict when it was used for other content.
    """
    with context.store.read(caller.tenant) as look:
        submission = look.submissions.find(caller.id, mark.transaction)
        if submission is None:
            return None
        if submission.sha256 != mark.sha256:
            raise Conflict(
                "This Bundle.identifier was used before for other content. Send the first content "
                "to get its answer again, or give a new request a new Bundle.identifier.",
                at="Bundle.identifier",
            )
        document = look.documents.get(submission.answer)
    if document is None:
        raise Broken("The answer of a stored submission is missing.")
    with context.store.write(caller.tenant) as work:
        work.events.append(
            Event(
                moment.new_id(),
                submission.case_id,
                EventKind.REPEATED,
                moment.now,
                caller.id,
                {"answer": str(submission.answer)},
            )
        )
    return document.content
