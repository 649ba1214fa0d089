"""The story of a stored case: its head, what happened to it, and every decision with its findings."""

from __future__ import annotations

import uuid

from app.domain.case import Case
from app.domain.event import Event
from app.errors import NotFound
from app.sealed import sealed
from app.store import Read, Store, StoredDecision


@sealed(frozen=True, slots=True)
class Story:
    """A case, its events in order, and its decisions; the last one is in force."""

    case: Case
    events: tuple[Event, ...]
    decisions: tuple[StoredDecision, ...]


def explain_case(store: Store, tenant: str, name: str) -> Story:
    """The case that `name` leads to: a case, authorization or review number, or the id of a
    ClaimResponse or Claim. Raises NotFound.
    """
    with store.read(tenant) as look:
        case = look.cases.by_number(name) or _by_id(look, name)
        if case is None:
            raise NotFound(
                "No case has this number. Name a case, authorization or review number, or the id "
                "of a ClaimResponse."
            )
        return Story(case, look.events.of(case.id), look.decisions.of(case.id))


def _by_id(look: Read, name: str) -> Case | None:
    resource = look.resources.get("ClaimResponse", name.removeprefix("ClaimResponse/"))
    if resource is not None:
        return look.cases.get(resource.case_id)
    try:
        return look.cases.get(uuid.UUID(name))
    except ValueError:
        return None
