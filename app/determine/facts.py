"""Evidence → facts: the policy says where a fact may be found, this picks it or says why it is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.determine.codes import matches
from app.determine.compute import compute
from app.determine.dates import day_of, instant, shift
from app.determine.sought import Place, Sought
from app.determine.subject import Subject, given
from app.determine.units import convert
from app.domain.facts import Evidence, EvidenceKind, Fact, Source
from app.domain.policy import Bound, FactSpec, FactType, Find, Qualifier, Span, Take
from app.domain.values import Concept, Quantity, Scalar
from app.sealed import sealed

_YES = frozenset({"Y", "yes", "true", "373066001", "LA33-6"})
_NO = frozenset({"N", "no", "false", "373067005", "LA32-8"})
_COUNTED = (Take.COUNT, Take.DURATION)


@sealed(frozen=True, slots=True)
class _Candidate:
    value: Scalar | None
    why: str
    at: date | datetime | None
    source: Source
    evidence: Evidence | None = None
    counts: bool = True


class Facts:
    """The facts of one policy about one line, each looked up once: then they are in `found`.

    `touched` are those about which the request may say something: fewer, the more were looked up.
    """

    def __init__(self, subject: Subject, sought: Sought) -> None:
        self.subject = subject
        self.touched = sought.touched(subject.gathered.keys)
        self._sought = sought
        self._silent = sought.silent
        self.found: dict[str, Fact] = {}
        self._windows: dict[tuple[str, Span], tuple[date, date]] = {}

    def spec(self, name: str) -> FactSpec:
        """How the policy describes this fact."""
        return self._sought.specs[name]

    def find(self, name: str) -> Fact:
        """The fact: a value with its source, or unknown and why."""
        fact = self.found.get(name)
        if fact is not None:
            return fact
        if name not in self.touched:
            fact = self._silent.get(name)
        if fact is None:
            fact = self._look_up(self._sought.specs[name])
            if fact.why_unknown == "missing":
                fact = self._silent.setdefault(name, fact)
                self.touched.discard(name)
        self.found[name] = fact
        return fact

    def _look_up(self, spec: FactSpec) -> Fact:
        if spec.derive is not None:
            return compute(spec, spec.derive, self.find)
        keys = self.subject.gathered.keys
        places = [
            place
            for place in self._sought.places(spec.name)
            if place.given or not place.keys.isdisjoint(keys)
        ]
        if not places:
            return _unknown(spec, [])
        whys: list[str] = []
        if spec.take is not Take.LATEST and spec.take is not Take.FIRST:
            coded = [place for place in places if not place.links]
            found = [each for place in coded for each in self._candidates(spec, place)]
            good = [each for each in found if not each.why]
            if good:
                return self._aggregate(spec, good)
            whys += [each.why for each in found]
            places = [place for place in places if place.links]
        for place in places:
            found = self._candidates(spec, place)
            good = [each for each in found if not each.why and each.counts]
            if good:
                return _choose(spec, good)
            whys += [each.why for each in found]
        return _unknown(spec, whys)

    def _candidates(self, spec: FactSpec, place: Place) -> list[_Candidate]:
        gathered = self.subject.gathered
        if place.given:
            return self._given(spec, place.find)
        wanted = place.find
        if place.links:
            found = gathered.answers(place.links)
        else:
            found = gathered.coded(wanted.kind, wanted.codes, self.subject.service)
        window = self._window(spec, wanted.look_back or spec.look_back) if found else None
        return [
            _candidate(spec, wanted, evidence, window)
            for evidence in found
            if not (wanted.where or wanted.excluding) or _fits(evidence, wanted)
        ]

    def _given(self, spec: FactSpec, place: Find) -> list[_Candidate]:
        value = given(self.subject, place.field)
        if value is None:
            return []
        kind = "Coverage" if place.kind is EvidenceKind.COVERAGE else "Claim"
        kind = "Patient" if place.kind is EvidenceKind.MEMBER else kind
        url = self.subject.request.request_full_url if kind == "Claim" else ""
        read, why = fitted(value, spec, True)
        return [_Candidate(read, why, None, Source(url, kind, place.field))]

    def _window(self, spec: FactSpec, back: Span | None) -> tuple[date, date] | None:
        if back is None:
            return None
        known = self._windows.get((spec.look_back_from, back))
        if known is None:
            known = self._windows[spec.look_back_from, back] = self._days_back(spec, back)
        return known

    def _days_back(self, spec: FactSpec, back: Span) -> tuple[date, date]:
        reference = self.find(spec.look_back_from)
        if not isinstance(reference.value, date):
            return (date.max, date.max)
        start = shift(reference.value, Span(-back.months, -back.days, -back.hours))
        return day_of(start), max(day_of(reference.value), self.subject.today)

    def _aggregate(self, spec: FactSpec, good: list[_Candidate]) -> Fact:
        window = self._window(spec, spec.look_back)
        kept = [each for each in good if each.counts]
        numbers = [each.value for each in kept if isinstance(each.value, Decimal)]
        match spec.take:
            case Take.COUNT:
                value: Decimal | None = Decimal(len(kept))
            case Take.DURATION:
                days = Decimal(_days_covered(kept, window))
                value = convert(days, "d", spec.unit or "d")
            case Take.SUM:
                value = sum(numbers, Decimal(0))
            case Take.LOWEST:
                value = min(numbers, default=None)
            case _:
                value = max(numbers, default=None)
        if value is None:
            return _unknown(spec, ["missing"])
        if spec.take in (Take.LOWEST, Take.HIGHEST):
            kept = [each for each in kept if each.value == value][:1]
        sources = tuple(each.source for each in (kept or good))
        dates = [each.at for each in kept if each.at is not None]
        latest = max(dates, key=instant, default=None)
        return Fact(spec.name, True, value, spec.unit, latest, sources)


def _fits(evidence: Evidence, place: Find) -> bool:
    for each in place.where:
        if not _qualifies(evidence, each, each.optional):
            return False
    return not any(_qualifies(evidence, each, False) for each in place.excluding)


def _candidate(
    spec: FactSpec, place: Find, evidence: Evidence, window: tuple[date, date] | None
) -> _Candidate:
    at, source = evidence.at, evidence.source
    if window is not None:
        why = _outside(evidence, window)
        if why:
            return _Candidate(None, why, at, source)
    raw = _raw(place, evidence)
    counted = spec.take in _COUNTED and place.kind is not EvidenceKind.ANSWER
    if counted and place.only is None:
        return _Candidate(Decimal(1), "", at, source, evidence)
    if raw is None:
        return _Candidate(None, "missing", at, source)
    read, why = fitted(raw, spec, place.kind is EvidenceKind.ANSWER)
    return _Candidate(read, why, at, source, evidence, _within(read, place.only))


def _outside(evidence: Evidence, window: tuple[date, date]) -> str:
    start, end = window
    first = last = evidence.at
    if evidence.period is not None:
        first, last = evidence.period.start or first, evidence.period.end or date.max
    if first is None or last is None:
        current = evidence.kind is EvidenceKind.DIAGNOSIS and evidence.source.kind == "Claim"
        return "" if current else "no-date"
    if start == date.max:
        return "no-date"
    if day_of(last) < start:
        return "too-old"
    return "in-future" if day_of(first) > end else ""


def _raw(place: Find, evidence: Evidence) -> Scalar | None:
    period = evidence.period
    match place.value:
        case "value":
            return evidence.value
        case "present":
            return True
        case "date":
            return evidence.at
        case "start":
            return (period.start if period else None) or evidence.at
        case "end":
            return period.end if period else None
        case "code":
            return evidence.concept
        case name:
            found = evidence.attributes.get(name)
            return found if found is not None else evidence.attributes.get(f"component:{name}")


def fitted(value: Scalar, spec: FactSpec, unit_understood: bool) -> tuple[Scalar | None, str]:
    """The value as this fact has it, or None and why not.

    `unit_understood`: a bare number is in the policy's unit (answers of our own questions).
    """
    match spec.type:
        case FactType.NUMBER:
            return _number(value, spec, unit_understood)
        case FactType.YES_NO:
            return _yes_no(value)
        case FactType.DATE:
            return (day_of(value), "") if isinstance(value, date) else (None, "not-an-option")
        case FactType.INSTANT:
            return (value, "") if isinstance(value, date) else (None, "not-an-option")
        case FactType.CHOICE:
            return _option(value, spec)
        case FactType.CODE:
            return (value, "") if isinstance(value, Concept) else (None, "not-an-option")
        case _:
            return (_words(value), "")


def _number(value: Scalar, spec: FactSpec, unit_understood: bool) -> tuple[Decimal | None, str]:
    number: Decimal | None
    counted = not spec.unit or spec.unit.startswith("{") or unit_understood
    if isinstance(value, Quantity):
        unit = value.code or value.unit
        if not unit and not counted:
            return None, "no-unit"
        number = convert(value.value, unit or spec.unit, spec.unit, spec.conversions)
        if number is None:
            return None, "wrong-unit"
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None, "not-an-option"
    elif not counted:
        return None, "no-unit"
    else:
        number = Decimal(value)
    if spec.plausible and not spec.plausible[0] <= number <= spec.plausible[1]:
        return None, "implausible"
    return number, ""


def _yes_no(value: Scalar) -> tuple[bool | None, str]:
    if isinstance(value, bool):
        return value, ""
    words = _all_words(value)
    if words & _YES and not words & _NO:
        return True, ""
    if words & _NO and not words & _YES:
        return False, ""
    return None, "not-an-option"


def _option(value: Scalar, spec: FactSpec) -> tuple[str | None, str]:
    words = _all_words(value)
    for option in spec.options:
        if option.code in words or words & option.synonyms:
            return option.code, ""
        if any(matches(pattern, word) for pattern in option.patterns for word in words):
            return option.code, ""
    return None, "not-an-option"


def _all_words(value: Scalar) -> frozenset[str]:
    if isinstance(value, Concept):
        return frozenset([coding.code for coding in value.codings])
    if isinstance(value, Quantity):
        return frozenset({str(value.value)})
    return frozenset({str(value)})


def _words(value: Scalar) -> str:
    if isinstance(value, Concept):
        first = value.first()
        return first.code if first else value.text
    return str(value.value) if isinstance(value, Quantity) else str(value)


def _qualifies(evidence: Evidence, qualifier: Qualifier, if_absent: bool) -> bool:
    said = False
    for reading in qualifier.readings:
        value = evidence.attributes.get(reading.attribute)
        if value is None:
            continue
        if reading.number is not None:
            number = value.value if isinstance(value, Quantity) else value
            words = frozenset({reading.value if number == reading.number else reading.other})
        else:
            words = _all_words(value)
            if isinstance(value, bool):
                words = frozenset({"yes" if value else "no"})
            if reading.means:
                words = frozenset(reading.means[word] for word in words if word in reading.means)
        words -= {""}
        if words & qualifier.values:
            return True
        said = said or bool(words)
    return if_absent and not said


def _within(value: Scalar | None, bound: Bound | None) -> bool:
    if bound is None or not isinstance(value, Decimal):
        return True
    match bound.operator:
        case "at_most":
            return value <= bound.value
        case "less_than":
            return value < bound.value
        case "at_least":
            return value >= bound.value
        case _:
            return value > bound.value


def _days_covered(kept: Iterable[_Candidate], window: tuple[date, date] | None) -> int:
    days: set[date] = set()
    for each in kept:
        period = each.evidence.period if each.evidence else None
        if period is None or period.start is None or period.end is None:
            continue
        start, end = period.start, period.end
        if window is not None:
            start, end = max(start, window[0]), min(end, window[1])
        days.update(start + timedelta(days=n) for n in range((end - start).days + 1))
    return len(days)


def _choose(spec: FactSpec, good: list[_Candidate]) -> Fact:
    if len(good) == 1 and spec.type is not FactType.CODE:
        only = good[0]
        return Fact(spec.name, True, only.value, spec.unit, only.at, (only.source,))
    dated = [each for each in good if each.at is not None]
    kept = good
    if dated:
        ends = [instant(each.at) for each in dated if each.at is not None]
        edge = min(ends) if spec.take is Take.FIRST else max(ends)
        kept = [each for each in dated if each.at is not None and instant(each.at) == edge]
    values = {repr(each.value) for each in kept}
    sources = tuple(each.source for each in kept)
    if len(values) > 1 and spec.type is not FactType.CODE:
        return Fact(spec.name, False, unit=spec.unit, sources=sources, why_unknown="conflict")
    chosen = kept[0]
    value = chosen.value
    if spec.type is FactType.CODE:
        concepts = [each.value for each in good if isinstance(each.value, Concept)]
        value = Concept(tuple(coding for concept in concepts for coding in concept.codings))
    return Fact(spec.name, True, value, spec.unit, chosen.at, sources[:1])


_TELLING = (
    "conflict", "implausible", "wrong-unit", "no-unit", "not-an-option", "no-date", "too-old",
    "in-future",
)  # fmt: skip


def _unknown(spec: FactSpec, whys: list[str]) -> Fact:
    why = next((each for each in _TELLING if each in whys), "missing") if whys else "missing"
    if spec.otherwise is not None and why in ("missing", "too-old"):
        source = Source("", "Policy", "otherwise")
        return Fact(spec.name, True, spec.otherwise, spec.unit, sources=(source,))
    return Fact(spec.name, False, unit=spec.unit, why_unknown=why)
