"""A whole case as a submit would store it: also what the benchmark stores."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

from app.clock import number, uuid7
from app.domain.case import Case, CaseState
from app.domain.coverage import Coverage, Funding, LineOfBusiness, Plan, Used
from app.domain.decision import (
    Citation,
    Decision,
    Finding,
    Grant,
    ItemDecision,
    Needed,
    Outcome,
    PendCause,
    PolicyRef,
    Reason,
    ReviewKind,
)
from app.domain.event import Event, EventKind
from app.domain.facts import Fact, Source, Truth
from app.domain.guide import Guide
from app.domain.values import Coding, Concept, Identifier, Period, Quantity
from app.store import CaseItem, DocumentKind, Resource, Submission, Write

TENANT = "demo"
SUBMITTER = "northside"
NOW = datetime(2026, 11, 25, 9, 30, 0, 123456, UTC)
FHIR = "application/fhir+json"
SYSTEM = "https://ehr.northside.example/transaction"


def oxygen_decision(outcome: Outcome = Outcome.APPROVED, at: datetime = NOW) -> Decision:
    """A decision with a tree of findings, every kind of value in it, and both languages."""
    citation = Citation("NCD 240.2", "B.1", "https://www.cms.gov/ncd/240.2")
    source = Source("https://ehr.northside.example/fhir/Observation/spo2", "Observation", "value")
    saturation = Fact(
        "saturation_rest",
        known=True,
        value=Decimal("86.50"),
        unit="%",
        at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
        sources=(source,),
    )
    tested = Fact("tested_on", known=True, value=date(2026, 11, 20), sources=(source,))
    stable = Fact("stable", known=True, value=True, sources=(source,))
    group = Fact("group", known=True, value="I", sources=(source,))
    flow = Fact("flow", known=True, value=Quantity(Decimal("2.0"), "L/min", "L/min", "http://x"))
    site = Fact("site", known=True, value=Concept((Coding("http://s", "1", "one"),), "one"))
    missing = Fact("room_air", known=False, why_unknown="missing")
    leaves = tuple(
        Finding(
            f"oxygen-{fact.name}",
            {"en": f"The {fact.name} must be known", "es": f"Debe conocerse {fact.name}"},
            Truth.MET if fact.known else Truth.UNKNOWN,
            (fact,),
            (citation,),
        )
        for fact in (saturation, tested, stable, group, flow, site, missing)
    )
    tree = Finding("oxygen", {"en": "Home oxygen"}, Truth.MET, (), (citation,), leaves, "any")
    policy = PolicyRef("home-oxygen", "2026-01-01", "a" * 64, {"en": "Home oxygen"}, "home-oxygen")
    waits = outcome is Outcome.PENDED
    item = ItemDecision(
        sequence=1,
        outcome=outcome,
        review_kind=ReviewKind.PRIOR_AUTHORIZATION,
        reasons=(Reason("criteria-met", {"en": "Met.", "es": "Cumple."}, (citation,)),),
        policy=policy,
        finding=tree,
        clinical=Truth.UNKNOWN if waits else Truth.MET,
        grant=None
        if waits
        else Grant(
            "FA-1", date(2026, 11, 25), Period(date(2026, 12, 1), None), Quantity(Decimal(36))
        ),
        needed=(Needed("room_air", {"en": "On room air?"}, "59408-5"),) if waits else (),
        pend_cause=PendCause.MISSING_FACTS if waits else None,
        trace=Identifier("https://fairwater.example/trace", "T-1"),
    )
    return Decision(
        (item,),
        (),
        at,
        "b" * 64,
        number="" if waits else "FA-1",
        period=Period(date(2026, 12, 1), date(2027, 11, 30)),
        due=datetime(2026, 12, 2, 9, 30, tzinfo=UTC) if waits else None,
        member_id="FW100001",
        plan="FW-MA-01",
        line="medicare-advantage",
        language="es",
        accumulated=(("visits", Decimal("3.5")),),
    )


def coverage() -> Coverage:
    """Rosa Delgado's plan."""
    return Coverage(
        "FW100001",
        Plan(
            "FW-MA-01",
            "Fairwater Medicare Advantage",
            "FAIRWATER",
            LineOfBusiness.MEDICARE_ADVANTAGE,
            Funding.PUBLIC,
            "OH",
        ),
        Period(date(2024, 1, 1), None),
        birth_date=date(1948, 3, 14),
        gender="female",
        used=(Used("pt-visits", Decimal("12"), 2026),),
        tags=frozenset({"hospice", "dual"}),
        details=MappingProxyType({"pcp": "1900003009"}),
    )


@dataclass(frozen=True, slots=True)
class Filing:
    """All that one submit stores."""

    case: Case
    items: tuple[CaseItem, ...]
    decision: Decision
    submission: Submission
    request: bytes
    answer: bytes

    def event(self, kind: EventKind, data: Mapping[str, object]) -> Event:
        """An event of this case, now."""
        return Event(uuid7(), self.case.id, kind, NOW, "machine", data)

    def store(self, work: Write) -> None:
        """The same calls, in the same order, as the submit flow makes."""
        sent, claimed = self.submission, self.case.id
        self_documents = {"request": str(sent.request), "answer": str(sent.answer)}
        work.cases.add(self.case, self.items, self.event(EventKind.RECEIVED, self_documents))
        work.documents.put(sent.request, self.request, DocumentKind.RECEIVED, FHIR)
        work.events.append(self.event(EventKind.ELIGIBILITY_CHECKED, {"plan": self.case.plan}))
        decided = self.event(EventKind.DECIDED, {"outcomes": {"1": "approved"}})
        work.decisions.add(uuid7(), self.decision, coverage(), decided)
        work.documents.put(sent.answer, self.answer, DocumentKind.SENT, FHIR)
        for kind, document in (("ClaimResponse", sent.answer), ("Claim", sent.request)):
            work.resources.add(
                Resource(
                    kind,
                    str(claimed),
                    self.case.guide,
                    SUBMITTER,
                    claimed,
                    document,
                    "/entry/0/resource",
                )
            )
        work.submissions.claim(sent, self.event(EventKind.ANSWERED, self_documents))


def filing(
    value: str = "", content: bytes | None = None, outcome: Outcome = Outcome.APPROVED
) -> Filing:
    """A fresh case; `value` is the sender's transaction identifier (a fresh one when empty)."""
    case_id, waits = uuid7(), outcome is Outcome.PENDED
    authorized = "" if waits else number("FA")
    request = bundle(24_000) if content is None else content
    decision = oxygen_decision(outcome)
    case = Case(
        case_id,
        TENANT,
        number("FW"),
        Guide.V22,
        CaseState.AWAITING_INFORMATION if waits else CaseState.DECIDED,
        SUBMITTER,
        "1900002001",
        "FW100001",
        "FW-MA-01",
        "medicare-advantage",
        NOW,
        decision.due,
        authorized,
        "b" * 64,
    )
    item = CaseItem(
        1,
        "https://bluebutton.cms.gov/hcpcs",
        "E1390",
        outcome,
        authorized,
        "REF-1" if waits else "",
        date(2026, 12, 1),
        date(2027, 11, 30),
        ("1900003009",),
        ("1900005004", "1900002001"),
        "home-oxygen",
        "2026-01-01",
        "a" * 64,
        (Identifier("https://fairwater.example/trace", "T-1"),),
    )
    submission = Submission(
        SUBMITTER,
        Identifier(SYSTEM, value or str(uuid.uuid4())),
        hashlib.sha256(request).digest(),
        NOW,
        case_id,
        uuid7(),
        uuid7(),
    )
    return Filing(case, (item,), decision, submission, request, bundle(12_000))


def bundle(size: int) -> bytes:
    """JSON of about `size` bytes that compresses about as a request bundle does (five to one)."""
    dice = random.Random(size)
    entries: list[object] = []
    made = 0
    while made < size - 200:
        entry = {
            "fullUrl": f"https://ehr.northside.example/fhir/Observation/{uuid.uuid4()}",
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "meta": {"profile": ["http://example.org/StructureDefinition/profile-observation"]},
                "code": {"coding": [{"system": "http://loinc.example", "code": "59408-5"}]},
                "valueQuantity": {"value": dice.randint(70, 99), "unit": "%", "code": "%"},
                "effectiveDateTime": f"2026-11-{dice.randint(10, 24)}T08:{dice.randint(10, 59)}:00Z",
                "subject": {"reference": "https://ehr.northside.example/fhir/Patient/rosa"},
            },
        }
        entries.append(entry)
        made += len(json.dumps(entry)) + 2
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
