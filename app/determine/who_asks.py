"""Who must ask for an authorization, and who can answer what is missing for it.

CRD 2.2.1 pa-needed (`performpa`) and doc-needed (`clinical`, `admin`, `patient`).
"""

from __future__ import annotations

from app.determine.book import Entry
from app.determine.subject import Subject
from app.domain.crd import Documentation, PriorAuth
from app.domain.decision import ItemDecision
from app.domain.policy import Answerer, Asker

_RENDERING = "SJ"
_BY: dict[Answerer, Documentation] = {
    Answerer.CLINICIAN: Documentation.CLINICAL,
    Answerer.OFFICE: Documentation.ADMIN,
    Answerer.PATIENT: Documentation.PATIENT,
}


def asked_of(entry: Entry | None, subject: Subject) -> PriorAuth:
    """Needed of who orders; or of who performs, where the policy says so and both are not one."""
    if entry is None or entry.scope.asked_by is not Asker.PERFORMER or _one(subject):
        return PriorAuth.NEEDED
    return PriorAuth.PERFORMER


def documentation(entry: Entry | None, decided: ItemDecision) -> tuple[Documentation, ...]:
    """Who can answer the questions that are open, clinicians first; a clinician where nobody is said."""
    facts = entry.ready.version.facts if entry else {}
    needed = {
        _BY[facts[each.fact].answered_by] if each.fact in facts else Documentation.CLINICAL
        for each in decided.needed
    }
    return tuple(each for each in Documentation if each in needed)


def _one(subject: Subject) -> bool:
    """Whether who orders also performs."""
    rendering: set[str] = set()
    ordering = {subject.request.submitter.npi}
    for member in (*subject.item.care_team, *subject.request.care_team):
        codes = {coding.code for coding in member.role.codings} if member.role else set()
        (rendering if _RENDERING in codes else ordering).add(member.party.npi)
    return bool((rendering & ordering) - {""})
