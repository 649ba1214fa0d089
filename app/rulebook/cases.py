"""Reads `cases.yaml`: a request in a few words, the answer that it must get, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from app.determine.given import GIVEN
from app.domain.coverage import Coverage, Funding, LineOfBusiness, Plan, Used
from app.domain.facts import Evidence, EvidenceKind, Source
from app.domain.guide import Guide
from app.domain.policy import CodeSet, FactSpec, FactType, GoldCard, Policy, Terms
from app.domain.request import (
    CareTeamMember,
    CoverageClaim,
    Diagnosis,
    Item,
    Party,
    Person,
    PriorAuthRequest,
    Urgency,
    Use,
)
from app.domain.values import Coding, Concept, Identifier, Period, Quantity, Scalar
from app.errors import BadData
from app.rulebook.facts import CODED, instant, value
from app.rulebook.tree import Fields, Node, parse
from app.rulebook.words import period
from app.sealed import sealed

CASES_FILE = "cases.yaml"
EXPECTATIONS = (
    "outcome", "pathway", "cause", "review", "units", "until", "next_review", "needed", "not_needed",
    "reasons", "clinical", "benefit", "delegate", "findings", "policy", "due", "deadline", "penalty",
    "companions",
)  # fmt: skip
_NAMES = (
    "today", "received", "service", "also", "units", "unit", "service_day", "service_end", "place",
    "modifiers", "revenue", "line", "plan", "product", "state", "funding", "born", "sex",
    "diagnoses", "specialty", "npi", "urgency", "use", "admission", "discharge", "used", "tags",
    "covered_from", "previous_number", "evidence", "facts", "gold_card",
)  # fmt: skip
_TODAY = date(2026, 11, 25)


@sealed(frozen=True, slots=True)
class Case:
    """A request and coverage as a case describes them, and what is expected of line 1."""

    name: str
    because: str
    file: str
    line: int
    request: PriorAuthRequest
    coverage: Coverage
    received: datetime | date
    expect: Mapping[str, Node]
    gold_card: GoldCard | None = None


def cases(folder: Path, policy: Policy, terms: Terms, plans: Mapping[str, Plan]) -> list[Case]:
    """All cases of a policy; BadData names the line that cannot be read. No file, no cases."""
    path = folder / CASES_FILE
    if not path.is_file():
        return []
    root = Fields(parse(path.read_text(encoding="utf-8"), f"{folder.name}/{CASES_FILE}"), "cases")
    if root.need("policy").word() != policy.id:
        raise root.node.wrong(f"these cases belong to the policy {policy.id}")
    defaults = root.get("defaults")
    reader = _Reader(policy, terms, plans, defaults.mapped() if defaults else {})
    read = [reader.case(node) for node in root.need("cases").listed()]
    root.done()
    names = [each.name for each in read]
    for each in read:
        if names.count(each.name) > 1:
            raise BadData(f"{each.file}:{each.line}: two cases are called {each.name!r}")
    return read


class _Reader:
    def __init__(
        self,
        policy: Policy,
        terms: Terms,
        plans: Mapping[str, Plan],
        defaults: Mapping[str, Node],
    ) -> None:
        self._policy = policy
        self._urls: dict[str, str] = {}
        for url, name in terms.systems.items():
            self._urls.setdefault(name, url)
        self._plans = plans
        self._defaults = defaults

    def case(self, node: Node) -> Case:
        own = node.mapped()
        merged = {**self._defaults, **own}
        if "line" in own and "plan" not in own:
            merged.pop("plan", None)
        facts = dict(self._defaults["facts"].mapped()) if "facts" in self._defaults else {}
        without = own.get("without")
        for name in without.words() if without else ():
            if facts.pop(name, None) is None:
                raise node.wrong(f"`without:` names {name!r}, which no default gives")
        if "facts" in own:
            facts.update(own["facts"].mapped())
        kept = {name: each for name, each in merged.items() if name != "without"}
        fields = Fields(Node(node.file, node.line, fields=kept), "a case")
        name, because = fields.need("name").word(), fields.need("because").word()
        expect = fields.need("expect").mapped()
        for key, each in expect.items():
            if key not in EXPECTATIONS:
                raise each.wrong(
                    f"`expect:` has no {key!r} (it may have {', '.join(EXPECTATIONS)})"
                )
        given = {key: found for key in _NAMES if (found := fields.get(key)) is not None}
        fields.done()
        today = given["today"].day() if "today" in given else _TODAY
        received: datetime | date = today
        if "received" in given:
            received = datetime.fromisoformat(given["received"].word())
            today = received.date()
        coverage = self._coverage(given)
        request = self._request(given, facts, today, coverage)
        card = self._gold_card(given["gold_card"], request) if "gold_card" in given else None
        return Case(name, because, node.file, node.line, request, coverage, received, expect, card)

    def _gold_card(self, node: Node, request: PriorAuthRequest) -> GoldCard:
        """An invented card for the provider and the service of the case."""
        fields = Fields(node, "a gold card of a case")
        approved, requests = fields.need("approved"), fields.need("requests")
        lines = fields.get("lines")
        made = GoldCard(
            npi=request.submitter.npi,
            codes=CodeSet(requested=True),
            period=period(fields),
            lines=frozenset(lines.words()) if lines else frozenset(),
            approved=approved.whole(),
            requests=requests.whole(),
        )
        fields.done()
        return made

    def _coverage(self, given: Mapping[str, Node]) -> Coverage:
        def word(key: str, usual: str = "") -> str:
            return given[key].word() if key in given else usual

        if "plan" in given:
            if word("plan") not in self._plans:
                raise given["plan"].wrong(f"no plan {word('plan')!r} stands in _plans/")
            plan = self._plans[word("plan")]
        else:
            line = given["line"].one_of(tuple(LineOfBusiness)) if "line" in given else "commercial"
            plan = Plan("CASE", "A plan of a case", "FAIRWATER", LineOfBusiness(line))
        plan = replace(plan, state=word("state", plan.state), product=word("product", plan.product))
        if "funding" in given:
            plan = replace(plan, funding=Funding(given["funding"].one_of(tuple(Funding))))
        day = given["service_day"].day() if "service_day" in given else _TODAY
        used = given["used"].mapped() if "used" in given else {}
        return Coverage(
            member_id="CASE-MEMBER",
            plan=plan,
            period=Period(given["covered_from"].day() if "covered_from" in given else None),
            birth_date=given["born"].day() if "born" in given else None,
            gender=word("sex"),
            state=word("state"),
            used=tuple(Used(name, each.number(), day.year) for name, each in used.items()),
            tags=frozenset(given["tags"].words()) if "tags" in given else frozenset(),
        )

    def _request(
        self,
        given: Mapping[str, Node],
        facts: Mapping[str, Node],
        today: date,
        coverage: Coverage,
    ) -> PriorAuthRequest:
        diagnoses = given["diagnoses"].listed() if "diagnoses" in given else []
        submitter = Party(
            "organization",
            npi=given["npi"].word() if "npi" in given else "1900002001",
            specialties=tuple(self._concept(each, "NUCC") for each in _listed(given, "specialty")),
        )
        answers = [self._answer(name, node, today) for name, node in facts.items()]
        evidence = [self._evidence(node) for node in _listed(given, "evidence")]
        return PriorAuthRequest(
            guide=Guide.V22,
            use=Use(given["use"].one_of(tuple(Use))) if "use" in given else Use.PREAUTHORIZATION,
            transaction=Identifier("", "case"),
            request_full_url="urn:uuid:case",
            identifiers=(),
            created=today,
            urgency=Urgency(given["urgency"].one_of(tuple(Urgency)))
            if "urgency" in given
            else Urgency.STANDARD,
            member=Person((), birth_date=coverage.birth_date, gender=coverage.gender),
            coverage=(CoverageClaim(()),),
            insurer=Party("organization"),
            submitter=submitter,
            items=tuple(self._items(given)),
            diagnoses=tuple(
                Diagnosis(number, self._concept(each, "ICD10CM"))
                for number, each in enumerate(diagnoses, 1)
            ),
            care_team=(CareTeamMember(1, submitter, True),),
            evidence=(*evidence, *answers),
            admission=_from(given, "admission"),
            discharge=_from(given, "discharge"),
            previous_number=given["previous_number"].word() if "previous_number" in given else "",
        )

    def _items(self, given: Mapping[str, Node]) -> list[Item]:
        start = given["service_day"].day() if "service_day" in given else None
        end = given["service_end"].day() if "service_end" in given else None
        quantity = None
        if "units" in given:
            unit = given["unit"].word() if "unit" in given else ""
            quantity = Quantity(given["units"].number(), unit)
        services = [*_listed(given, "service"), *_listed(given, "also")]
        return [
            Item(
                sequence=number,
                service=self._concept(service, "HCPCS"),
                modifiers=tuple(
                    self._concept(each, "HCPCS") for each in _listed(given, "modifiers")
                ),
                place=self._concept(given["place"], "POS") if "place" in given else None,
                revenue=self._concept(given["revenue"], "REVENUE") if "revenue" in given else None,
                serviced=Period(start, end) if start or end else None,
                quantity=quantity if number == 1 else None,
            )
            for number, service in enumerate(services, 1)
        ]

    def _concept(self, node: Node, system: str) -> Concept:
        first, _, rest = node.word().partition(" ")
        if rest:
            if first not in self._urls:
                raise node.wrong(f"{first!r} is no code system of _terms.yaml")
            return Concept((Coding(self._urls[first], rest),))
        return Concept((Coding(self._urls[system], first),))

    def _spec(self, name: str, node: Node) -> FactSpec:
        if name in GIVEN:
            raise node.wrong(f"{name} comes from the request: write it beside `facts:`, not in it")
        for version in self._policy.versions:
            if name in version.facts:
                return version.facts[name]
        raise node.wrong(f"the policy has no fact {name!r}")

    def _answer(self, name: str, node: Node, today: date) -> Evidence:
        spec = self._spec(name, node)
        link = Concept((Coding("urn:forthwith:case", f"{self._policy.id}/{name}"),))
        source = Source("urn:uuid:answers", "QuestionnaireResponse", name)
        said = self._said(node, spec)
        return Evidence(EvidenceKind.ANSWER, link, source, said, today)

    def _said(self, node: Node, spec: FactSpec) -> Scalar:
        if spec.type is FactType.CODE:
            return self._concept(node, "HCPCS")
        number, _, unit = node.word().partition(" ")
        if spec.type is FactType.NUMBER and unit:
            amount = Node(node.file, node.line, number).number()
            return Quantity(amount, unit, unit)
        return value(node, spec.type)

    def _evidence(self, node: Node) -> Evidence:
        fields = Fields(node, "a piece of evidence")
        kinds = [name for name in fields.names() if name in CODED]
        if len(kinds) != 1:
            raise node.wrong(f"evidence names one of {', '.join(CODED)}")
        said, unit, code, at = (fields.get(key) for key in ("value", "unit", "code", "at"))
        start, end, attributes = (fields.get(key) for key in ("from", "to", "with"))
        concept = self._concept(fields.need(kinds[0]), CODED[kinds[0]])
        found: Scalar | None = _plain(said) if said else None
        if isinstance(found, Decimal) and unit:
            found = Quantity(found, unit.word(), unit.word())
        if code:
            found = self._concept(code, "SNOMED")
        period = Period(start.day() if start else None, end.day() if end else None)
        made = Evidence(
            kind=EvidenceKind(kinds[0]),
            concept=concept,
            source=Source(f"urn:uuid:evidence-{node.line}", kinds[0].capitalize()),
            value=found,
            at=instant(at) if at else period.start,
            period=period if start or end else None,
            attributes={
                name: _plain(each)
                for name, each in (attributes.mapped() if attributes else {}).items()
            },
        )
        fields.done()
        return made


def _listed(given: Mapping[str, Node], name: str) -> list[Node]:
    return given[name].listed() if name in given else []


def _from(given: Mapping[str, Node], name: str) -> Period | None:
    return Period(given[name].day(), None) if name in given else None


def _plain(node: Node) -> Scalar:
    """A value as it looks: a number, yes or no, a day, or a word."""
    for kind in (FactType.NUMBER, FactType.YES_NO, FactType.DATE):
        try:
            return value(node, kind)
        except BadData:
            continue
    return node.word()
