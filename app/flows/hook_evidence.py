"""What the policies in question would ask a person for, asked of the EHR first.

CRD 2.2.1 found-5 and resp-39: the record before the form. Only kinds of data of which the call brought
nothing are searched, and only when a policy for the ordered service wants them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from app.determine.book import Ready
from app.determine.codes import short_codes
from app.domain.decision import ReviewKind
from app.domain.facts import EvidenceKind
from app.domain.policy import FactSpec, Role
from app.fhir.crd.call import Call
from app.fhir.crd.pool import Pool
from app.fhir.crd.services import services
from app.fhir.read.systems import service
from app.fhir.write.questionnaire import asks
from app.rulebook import Rulebook

Json = dict[str, Any]

_SEARCHED = {
    EvidenceKind.DIAGNOSIS: "Condition",
    EvidenceKind.DOCUMENT: "DocumentReference",
    EvidenceKind.MEDICATION: "MedicationRequest",
    EvidenceKind.OBSERVATION: "Observation",
    EvidenceKind.PROCEDURE: "Procedure",
    EvidenceKind.ANSWER: "QuestionnaireResponse",
}
_JUDGED = (ReviewKind.PRIOR_AUTHORIZATION, ReviewKind.CONCURRENT)
_MOST_CODES = 60
"""Of more codes the search says none, and everything comes."""


def clinical_gaps(
    rulebook: Rulebook, call: Call, pool: Pool, aims: Sequence[Json], today: date
) -> list[str]:
    """One search for each kind of data that is wanted and not at hand."""
    wanted: dict[EvidenceKind, set[tuple[str, str]]] = {}
    for fact in _facts(rulebook, pool, aims, today):
        for find in fact.find:
            if find.kind in _SEARCHED:
                wanted.setdefault(find.kind, set()).update(find.codes.exact)
        if fact.ask:
            wanted.setdefault(EvidenceKind.ANSWER, set())
    addresses = {short: url for url, short in reversed(list(rulebook.terms.systems.items()))}
    return [
        _search(kind, codes, call.patient, addresses)
        for kind, codes in wanted.items()
        if not pool.of(_SEARCHED[kind])
    ]


def form_gaps(
    rulebook: Rulebook, base: str, pool: Pool, aims: Sequence[Json], today: date
) -> list[str]:
    """Whether the client has a copy of each form that may be asked for (dev-20)."""
    asked = {
        f"Questionnaire?url={base}/Questionnaire/{ready.ref.id}&version={ready.ref.version}"
        for ready in _policies(rulebook, pool, aims, today)
        if asks(ready.version)
    }
    return sorted(asked)


def _facts(rulebook: Rulebook, pool: Pool, aims: Sequence[Json], today: date) -> Iterator[FactSpec]:
    """The facts of every policy under which what is ordered may have to be judged."""
    for ready in _policies(rulebook, pool, aims, today):
        yield from ready.version.facts.values()


def _policies(rulebook: Rulebook, pool: Pool, aims: Sequence[Json], today: date) -> Iterator[Ready]:
    """Every policy under which what is ordered may have to be judged."""
    for aim in aims:
        for concept in services(aim, pool):
            read = service(concept)
            codes = short_codes(read, rulebook.terms.systems) if read else frozenset()
            for entry in rulebook.entries(codes, today):
                if entry.ready.policy.role is Role.COVERAGE and entry.scope.review in _JUDGED:
                    yield entry.ready


def _search(
    kind: EvidenceKind, codes: set[tuple[str, str]], patient: str, addresses: Mapping[str, str]
) -> str:
    found = f"{_SEARCHED[kind]}?patient={patient}"
    if kind is EvidenceKind.OBSERVATION and 0 < len(codes) <= _MOST_CODES:
        listed = ",".join(f"{addresses.get(where, where)}|{code}" for where, code in sorted(codes))
        return f"{found}&code={listed}"
    if kind is EvidenceKind.MEDICATION:
        return f"{found}&intent=order,plan"  # US Core servers need not search by patient alone
    return found
