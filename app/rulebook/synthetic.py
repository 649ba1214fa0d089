"""Made-up requests for a policy: facts near its thresholds, some unknown, from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from app.determine.book import Rulebook
from app.determine.dates import shift
from app.determine.given import GIVEN
from app.domain.coverage import Coverage, Plan
from app.domain.facts import Evidence, EvidenceKind, Source
from app.domain.guide import Guide
from app.domain.policy import FactSpec, FactType, Policy, Scope, Version
from app.domain.request import CoverageClaim, Item, Party, Person, PriorAuthRequest, Urgency, Use
from app.domain.values import Coding, Concept, Identifier, Period, Quantity, Scalar
from app.rulebook.simulate import Situation
from app.rulebook.trial import leaves

_UNKNOWN = 0.05
"""How often a fact is left out."""


def synthetic(
    rulebook: Rulebook, policies: list[Policy], today: date, random: Random
) -> Iterator[Situation]:
    """Endless made-up situations, one policy after another."""
    urls = {name: url for url, name in rulebook.terms.systems.items()}
    makers = [
        _Maker(policy, policy.versions[0], list(rulebook.plans.values()), urls, today, random)
        for policy in policies
        if any(scope.services.codes.exact for scope in policy.versions[0].scopes)
    ]
    number = 0
    while makers:
        for maker in makers:
            number += 1
            yield maker.situation(number)


class _Maker:
    def __init__(
        self,
        policy: Policy,
        version: Version,
        plans: list[Plan],
        urls: dict[str, str],
        today: date,
        random: Random,
    ) -> None:
        self._policy, self._version, self._plans = policy, version, plans
        self._urls, self._today, self._random = urls, today, random
        self._edges: dict[str, list[Scalar]] = {}
        for test in (leaf.test for leaf in leaves(version) if leaf.test):
            for operand in test.operands:
                values = operand.value if isinstance(operand.value, tuple) else (operand.value,)
                edges = [value for value in values if value is not None]
                self._edges.setdefault(test.fact, []).extend(edges)
            if test.window is not None:
                spans = [each for each in (test.window.start, test.window.end) if each]
                days = [_day(shift(today, span)) for span in spans]
                self._edges.setdefault(test.fact, []).extend(days)

    def situation(self, number: int) -> Situation:
        pick = self._random
        scopes = [scope for scope in self._version.scopes if scope.services.codes.exact]
        scope = pick.choice(scopes)
        plan = self._plan(scope)
        born = self._today - timedelta(days=pick.randrange(365, 365 * 95))
        day = self._today + timedelta(days=pick.randrange(1, 30))
        coverage = Coverage("SYNTHETIC", plan, Period(date(2020, 1, 1)), born)
        evidence = tuple(self._evidence())
        return Situation(
            f"{self._policy.id} {number}",
            self._request(scope, day, born, evidence),
            coverage,
            self._today,
        )

    def _plan(self, scope: Scope) -> Plan:
        fitting = [
            plan
            for plan in self._plans
            if (not scope.where.lines or plan.line in scope.where.lines)
            and (not scope.where.plans or plan.id in scope.where.plans)
            and (not scope.where.states or plan.state in scope.where.states)
        ]
        return self._random.choice(fitting or self._plans)

    def _request(
        self, scope: Scope, day: date, born: date, evidence: tuple[Evidence, ...]
    ) -> PriorAuthRequest:
        system, code = self._random.choice(sorted(scope.services.codes.exact))
        grant = scope.grant or self._version.grant
        usual = grant.units if grant and grant.units is not None else Decimal(1)
        units = usual + self._random.choice((-1, 0, 0, 0, 1))
        item = Item(
            1,
            Concept((Coding(self._urls.get(system, system), code),)),
            serviced=Period(day),
            quantity=Quantity(max(units, Decimal(1))),
        )
        party = Party("organization", npi="1900002001")
        return PriorAuthRequest(
            guide=Guide.V22,
            use=Use.PREAUTHORIZATION,
            transaction=Identifier("", "synthetic"),
            request_full_url="urn:uuid:synthetic",
            identifiers=(),
            created=self._today,
            urgency=Urgency.STANDARD,
            member=Person((), birth_date=born),
            coverage=(CoverageClaim(()),),
            insurer=party,
            submitter=party,
            items=(item,),
            evidence=evidence,
        )

    def _evidence(self) -> Iterator[Evidence]:
        for name, spec in self._version.facts.items():
            if name in GIVEN or spec.derive is not None or self._random.random() < _UNKNOWN:
                continue
            value = self._value(spec)
            if value is not None:
                yield Evidence(
                    EvidenceKind.ANSWER,
                    Concept((Coding("urn:forthwith:synthetic", f"{self._policy.id}/{name}"),)),
                    Source("urn:uuid:synthetic-answers", "QuestionnaireResponse", name),
                    value,
                    self._today,
                )

    def _value(self, spec: FactSpec) -> Scalar | None:
        pick, edges = self._random, self._edges.get(spec.name, [])
        match spec.type:
            case FactType.YES_NO:
                return pick.random() < 0.75
            case FactType.CHOICE:
                return pick.choice(spec.options).code
            case FactType.NUMBER:
                numbers = [each for each in edges if isinstance(each, Decimal)] or [Decimal(10)]
                return pick.choice(numbers) + pick.choice((-2, -1, Decimal("-0.5"), 0, 0, 1, 2, 5))
            case FactType.DATE:
                days = [_day(each) for each in edges if isinstance(each, date)] or [self._today]
                return pick.choice(days) + timedelta(days=pick.randrange(-3, 4))
            case _:
                return None


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
