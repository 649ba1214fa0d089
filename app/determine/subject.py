"""One line of a request with all that rules may ask about it: who, which plan, which day, which codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from app.determine.codes import Codes, belongs, short_codes
from app.determine.dates import whole_months, whole_years
from app.determine.sought import Key
from app.domain.coverage import Coverage
from app.domain.facts import Evidence, EvidenceKind, Source
from app.domain.policy import Benefits, CodeSet, GoldCard, Terms
from app.domain.request import Item, Party, PriorAuthRequest
from app.domain.values import Coding, Concept, Scalar
from app.sealed import sealed

_ORDERING = {"DK", "DN"}
"""X12 98: who orders, who refers."""


@sealed(frozen=True, slots=True)
class Known:
    """A piece of evidence with its codes in comparable form."""

    codes: Codes
    evidence: Evidence


class Gathered:
    """The evidence of a request, found by kind and code without looking through all of it.

    `keys` are what there is, as policies seek it (`app.determine.sought`).
    """

    def __init__(self, evidence: Iterable[Evidence], systems: Mapping[str, str]) -> None:
        self._kinds: dict[EvidenceKind, list[Known]] = {}
        self._places: dict[tuple[EvidenceKind, str, str], list[int]] = {}
        self._answers: dict[str, list[Evidence]] = {}
        for each in evidence:
            if each.kind is EvidenceKind.ANSWER:
                for coding in each.concept.codings:
                    self._answers.setdefault(coding.code, []).append(each)
                continue
            kind = self._kinds.setdefault(each.kind, [])
            known = Known(short_codes(each.concept, systems), each)
            for system, code in known.codes:
                self._places.setdefault((each.kind, system, code), []).append(len(kind))
            kind.append(known)
        self.keys = frozenset[Key]((*self._places, *self._answers, *self._kinds))

    def answers(self, links: Iterable[str]) -> list[Evidence]:
        """The answers to the questions with these link ids."""
        return [evidence for link in links for evidence in self._answers.get(link, ())]

    def coded(self, kind: EvidenceKind, wanted: CodeSet, requested: Codes) -> list[Evidence]:
        """The evidence of a kind whose codes are in the set, in the order in which it came."""
        all_known = self._kinds.get(kind)
        if not all_known:
            return []
        plain = not (wanted.beginnings or wanted.patterns or wanted.requested)
        if plain and len(wanted.exact) <= len(all_known):
            found: set[int] = set()
            for system, code in wanted.exact:
                found.update(self._places.get((kind, system, code), ()))
            return [all_known[place].evidence for place in sorted(found)]
        return [each.evidence for each in all_known if belongs(each.codes, wanted, requested)]


def gather(request: PriorAuthRequest, terms: Terms) -> Gathered:
    """The evidence of a request, with the request's own diagnoses added."""
    return Gathered((*request.evidence, *_diagnoses(request)), terms.systems)


def _diagnoses(request: PriorAuthRequest) -> Iterable[Evidence]:
    url = request.request_full_url
    for number, diagnosis in enumerate(request.diagnoses):
        source = Source(url, "Claim", f"diagnosis[{number}]")
        yield Evidence(EvidenceKind.DIAGNOSIS, diagnosis.concept, source, at=diagnosis.recorded)


@sealed(frozen=True, slots=True)
class Subject:
    """The line being judged. `day` is its first day of service, `today` the payer's calendar day."""

    request: PriorAuthRequest
    item: Item
    coverage: Coverage
    day: date
    today: date
    terms: Terms
    gathered: Gathered
    service: Codes
    benefits: Benefits | None = None
    gold_cards: tuple[GoldCard, ...] = ()


def subject(
    request: PriorAuthRequest,
    item: Item,
    coverage: Coverage,
    today: date,
    terms: Terms,
    gathered: Gathered,
    benefits: Benefits | None = None,
    gold_cards: tuple[GoldCard, ...] = (),
) -> Subject:
    """The line `item` of `request`, ready to be matched and judged."""
    return Subject(
        request=request,
        item=item,
        coverage=coverage,
        day=request.service_day(item, today),
        today=today,
        terms=terms,
        gathered=gathered,
        service=service_codes(item, terms),
        benefits=benefits,
        gold_cards=gold_cards,
    )


def service_codes(item: Item, terms: Terms) -> Codes:
    """What is asked for: the service's code and its revenue code, each of a system that policies know.

    A stay asked for by its revenue code alone says "not applicable" as its service, which is no code.
    """
    codes = short_codes(item.service, terms.systems)
    codes = codes | short_codes(item.revenue, terms.systems) if item.revenue else codes
    known = frozenset(terms.systems.values())
    return frozenset(code for code in codes if code[0] in known)


def given(subject: Subject, name: str) -> Scalar | None:
    """A given fact's value, None when the request or the record does not say.

    `used/LIMIT` is what the member has used of a limit in the year of service, `tag/TAG` whether
    the member's record carries a mark.
    """
    kind, _, rest = name.partition("/")
    if kind == "used":
        return _used(subject, rest)
    if kind == "tag":
        return rest in subject.coverage.tags
    return _VALUES[name](subject)


def is_given(name: str) -> bool:
    """Whether `given` knows this name."""
    kind, _, rest = name.partition("/")
    return (kind in ("used", "tag") and bool(rest)) or name in _VALUES


def age(subject: Subject) -> int | None:
    """Completed years on the day of service."""
    born = subject.coverage.birth_date or subject.request.member.birth_date
    return whole_years(born, subject.day) if born else None


def network(subject: Subject) -> str:
    """The network tier of whoever renders the service; empty when the plan has no tiers, or when
    those are named alone who order or refer."""
    benefits = subject.benefits
    rendering = _rendering(subject)
    if benefits is None or not rendering:
        return ""
    for party in rendering:
        if party.npi in benefits.networks:
            return benefits.networks[party.npi]
    return benefits.other_network


def _rendering(subject: Subject) -> tuple[Party, ...]:
    """Who renders, as far as the care team tells; who submits, where there is no care team."""
    team = (*subject.item.care_team, *subject.request.care_team)
    if not team:
        return (subject.request.submitter,)
    return tuple(each.party for each in team if not _codes(each.role) & _ORDERING)


def _codes(role: Concept | None) -> set[str]:
    return {coding.code for coding in role.codings} if role else set()


def parties(subject: Subject) -> tuple[Party, ...]:
    """Who orders or renders this line: its own care team, the request's, the submitter."""
    teams = (*subject.item.care_team, *subject.request.care_team)
    return (*(member.party for member in teams), subject.request.submitter)


def specialties(subject: Subject) -> Codes:
    """The specialties of all who order or render this line."""
    found: set[tuple[str, str]] = set()
    for party in parties(subject):
        for concept in party.specialties:
            found |= short_codes(concept, subject.terms.systems)
    for member in (*subject.item.care_team, *subject.request.care_team):
        if member.qualification:
            found |= short_codes(member.qualification, subject.terms.systems)
    return frozenset(found)


def other_services(subject: Subject) -> Codes:
    """The service codes of the request's other lines."""
    codes: set[tuple[str, str]] = set()
    for item in subject.request.items:
        if item.sequence != subject.item.sequence:
            codes |= short_codes(item.service, subject.terms.systems)
    return frozenset(codes)


def gold_card(subject: Subject) -> GoldCard | None:
    """The exemption that covers this line on its day, if a provider of it has one."""
    npis = {party.npi for party in parties(subject) if party.npi}
    for card in subject.gold_cards:
        applies = card.npi in npis and card.period.covers(subject.day)
        plan = subject.coverage.plan
        fits = not card.plans or plan.id in card.plans
        fits = fits and (not card.lines or str(plan.line) in card.lines)
        if applies and fits and belongs(subject.service, card.codes, subject.service):
            return card
    return None


def _used(subject: Subject, limit: str) -> Decimal:
    return sum(
        (
            used.amount
            for used in subject.coverage.used
            if used.limit == limit and used.year == subject.day.year
        ),
        Decimal(0),
    )


def _concept(codes: Iterable[Coding]) -> Concept | None:
    codings = tuple(codes)
    return Concept(codings) if codings else None


def _codings(concepts: Iterable[Concept | None]) -> Concept | None:
    return _concept(coding for concept in concepts if concept for coding in concept.codings)


def _line_diagnoses(subject: Subject) -> Concept | None:
    whole = (diagnosis.concept for diagnosis in subject.request.diagnoses)
    return _codings(subject.item.diagnoses or tuple(whole))


def _service_end(subject: Subject) -> date | None:
    for period in (subject.item.serviced, subject.request.event):
        if period is not None and period.end:
            return period.end
    return None


def _days(subject: Subject) -> Decimal | None:
    end = _service_end(subject)
    return Decimal((end - subject.day).days + 1) if end else None


def _units(subject: Subject) -> Decimal | None:
    return subject.item.quantity.value if subject.item.quantity else None


def _months_covered(subject: Subject) -> Decimal | None:
    start = subject.coverage.period.start
    return Decimal(whole_months(start, subject.day)) if start else None


def _age(subject: Subject) -> Decimal | None:
    years = age(subject)
    return None if years is None else Decimal(years)


def _age_months(subject: Subject) -> Decimal | None:
    born = subject.coverage.birth_date or subject.request.member.birth_date
    return Decimal(whole_months(born, subject.day)) if born else None


def _card_count(card: GoldCard | None, name: str) -> Decimal | None:
    return Decimal(getattr(card, name)) if card else None


def _no_codes_is_none(codes: Codes) -> Concept:
    return Concept(tuple(Coding(system, code) for system, code in sorted(codes)))


_VALUES: Mapping[str, Callable[[Subject], Scalar | None]] = MappingProxyType(
    {
        "service": lambda it: _codings((it.item.service, it.item.revenue)),
        "service-day": lambda it: it.day,
        "service-end": _service_end,
        "service-days": _days,
        "request-day": lambda it: it.today,
        "units": _units,
        "modifiers": lambda it: _codings(it.item.modifiers) or Concept(),
        "other-services": lambda it: _no_codes_is_none(other_services(it)),
        "place": lambda it: it.item.place,
        "revenue": lambda it: it.item.revenue,
        "service-type": lambda it: it.item.category,
        "diagnosis": _line_diagnoses,
        "specialty": lambda it: _no_codes_is_none(specialties(it)) if specialties(it) else None,
        "urgency": lambda it: str(it.request.urgency),
        "admission-day": lambda it: it.request.admission.start if it.request.admission else None,
        "discharge-day": lambda it: it.request.discharge.start if it.request.discharge else None,
        "age": _age,
        "age-months": _age_months,
        "npi": lambda it: next((each.npi for each in parties(it) if each.npi), None),
        "sex": lambda it: it.coverage.gender or it.request.member.gender or None,
        "months-covered": _months_covered,
        "line": lambda it: str(it.coverage.plan.line),
        "plan": lambda it: it.coverage.plan.id,
        "state": lambda it: it.coverage.state or it.coverage.plan.state or None,
        "funding": lambda it: str(it.coverage.plan.funding),
        "network": lambda it: network(it) or None,
        "gold-card": lambda it: gold_card(it) is not None,
        "gold-card-approved": lambda it: _card_count(gold_card(it), "approved"),
        "gold-card-requests": lambda it: _card_count(gold_card(it), "requests"),
    }
)
