"""What changed between two rulebooks, in words that a committee can read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from app.determine.book import Rulebook
from app.domain.policy import (
    Answerer,
    Asker,
    CodeSet,
    Criterion,
    FactSpec,
    GrantRule,
    Policy,
    Rule,
    Scope,
    Span,
    Version,
    Where,
)
from app.domain.values import Period
from app.rulebook.words import shown
from app.sealed import sealed


@sealed(frozen=True, slots=True)
class Difference:
    """One change: where, and what was and is there (empty: nothing)."""

    policy: str
    where: str
    before: str
    after: str

    def sentence(self) -> str:
        """The change as one line."""
        if not self.before:
            return f"{self.policy}: {self.where}: new: {self.after}"
        if not self.after:
            return f"{self.policy}: {self.where}: gone: {self.before}"
        return f"{self.policy}: {self.where}: was {self.before}; is {self.after}"


def differences(before: Rulebook, after: Rulebook) -> Iterator[Difference]:
    """Every change between two rulebooks, policy by policy, then the shared tables."""
    for name in sorted({*before.policies, *after.policies}):
        yield from _compared(
            name, _policy(before.policies.get(name)), _policy(after.policies.get(name))
        )
    yield from _compared("shared tables", _tables(before), _tables(after))


def _compared(name: str, old: dict[str, str], new: dict[str, str]) -> Iterator[Difference]:
    for where in [*new, *(each for each in old if each not in new)]:
        was, now = old.get(where, ""), new.get(where, "")
        if was != now:
            yield Difference(name, where, was, now)


def _policy(policy: Policy | None) -> dict[str, str]:
    if policy is None:
        return {}
    said = {
        "title": policy.title["en"],
        "owner": policy.owner,
        "summary": policy.summary["en"],
        "role": str(policy.role),
    }
    for source in policy.sources:
        read = f"read {source.reviewed}, again by {source.next_review}"
        said[f"source {source.id}"] = f"{source.title} ({source.url}; {read})"
    for version in policy.versions:
        for where, words in _version(version).items():
            said[f"version {version.version}, {where}"] = words
    return said


def _version(version: Version) -> dict[str, str]:
    said = {"in force": _days(version.period)}
    for number, scope in enumerate(version.scopes):
        twice = sum(each.id == scope.id for each in version.scopes[:number])
        said[f"scope {scope.id}" + (f" ({twice + 1})" if twice else "")] = _scope(scope)
    for name, spec in version.facts.items():
        if not (spec.find and spec.find[0].field):
            said[f"fact {name}"] = _fact(spec)
    if version.criterion:
        said.update(_criteria(version.criterion))
    for way in version.pathways:
        said[f"pathway {way.id}"] = way.label["en"]
        for root in (way.when, way.criterion):
            said.update(_criteria(root) if root else {})
        if way.grant:
            said[f"grant of {way.id}"] = _grant(way.grant)
    for kind, rules in (
        ("never", version.never),
        ("clinician", version.clinician),
        ("exempt", version.exempt),
    ):
        for rule in rules:
            said[f"{kind} {rule.id}"] = _rule(rule)
            said.update(_criteria(rule.criterion))
    if version.grant:
        said["grant"] = _grant(version.grant)
    outcomes = version.outcomes
    said["outcomes"] = f"met {outcomes.met}, unmet {outcomes.unmet}, unknown {outcomes.unknown}"
    for companion in version.companions:
        said[f"companion {companion.id}"] = f"{companion.service}; {companion.text['en']}"
        said.update(_criteria(companion.criterion) if companion.criterion else {})
    for document in version.documents:
        said[f"document {document.id}"] = f"{document.label['en']} ({document.loinc})"
    if version.apps:
        said["apps"] = ", ".join(version.apps)
    for name, told in version.tell.items():
        said[f"told as {name}"] = told["en"]
    for mark in version.unverified:
        said[f"not verified, {mark.where}"] = mark.reason
    return said


def _scope(scope: Scope) -> str:
    services = "any service" if scope.services.any else _codes(scope.services.codes)
    limits = _where(scope.where)
    to = f" by {scope.delegate}" if scope.delegate else ""
    to += "" if scope.asked_by is Asker.ORDERER else f", asked by the {scope.asked_by}"
    grant = f"; grants {_grant(scope.grant)}" if scope.grant else ""
    told = f"; {scope.text['en']}" if scope.text else ""
    return f"{scope.review}{to} of {services}{limits}, {_days(scope.period)}{grant}{told}"


def _codes(codes: CodeSet) -> str:
    return ", ".join(codes.written) or "no code"


def _where(where: Where) -> str:
    said = []
    for name in Where.__dataclass_fields__:
        value = getattr(where, name)
        if value is not None and value != "" and value != frozenset():
            words = ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)
            said.append(f"{name.replace('_', ' ')} {words}")
    return f" ({'; '.join(said)})" if said else ""


def _fact(spec: FactSpec) -> str:
    places = [f"{place.kind} {_codes(place.codes)}" for place in spec.find]
    back = f", not older than {_span(spec.look_back)}" if spec.look_back else ""
    asked = f", asked as “{spec.ask['en']}”" if spec.ask else ", not asked"
    asked += "" if spec.answered_by is Answerer.CLINICIAN else f" of the {spec.answered_by}"
    unit = f" in {spec.unit}" if spec.unit else ""
    found = f" from {'; '.join(places)}" if places else ""
    computed = f" computed by {spec.derive.operation}" if spec.derive else ""
    options = f" ({', '.join(option.code for option in spec.options)})" if spec.options else ""
    return (
        f"{spec.label['en']}: {spec.take} {spec.type}{options}{unit}{found}{computed}{back}{asked}"
    )


def _criteria(criterion: Criterion) -> dict[str, str]:
    cited = "; ".join(f"{each.title} {each.section}".strip() for each in criterion.citations)
    parts = f" of {', '.join(part.id for part in criterion.parts)}" if criterion.parts else ""
    words = f"{criterion.label['en']}{_test(criterion)}{parts}"
    days = "" if criterion.period == Period() else f", {_days(criterion.period)}"
    said = {f"criterion {criterion.id}": words + days + (f" [{cited}]" if cited else "")}
    for part in criterion.parts:
        said.update(_criteria(part))
    return said


def _test(criterion: Criterion) -> str:
    test = criterion.test
    if test is None:
        least = f" {criterion.minimum}" if criterion.minimum else ""
        return f" ({criterion.kind}{least})"
    if test.window is not None:
        start = _span(test.window.start) if test.window.start else "…"
        end = _span(test.window.end) if test.window.end else "…"
        return f" ({test.fact} from {start} to {end} around {test.window.of})"
    values = []
    for operand in test.operands:
        value = operand.value
        words = _codes(operand.codes) if operand.codes else operand.fact or str(value)
        adjusted = (
            ""
            if operand.times == 1 and not operand.plus
            else (f" × {shown(operand.times)} + {shown(operand.plus)}")
        )
        days = "" if operand.period == Period() else f", {_days(operand.period)}"
        values.append(f"{words}{adjusted}{_where(operand.where)}{days}")
    return f" ({test.fact} {test.operator.replace('_', ' ')} {'; '.join(values)})"


def _rule(rule: Rule) -> str:
    flags = [name for name, on in (("signed", rule.signed), ("always", rule.always)) if on]
    offer = f"; offers {rule.offer.service}" if rule.offer else ""
    return rule.text["en"] + (f" ({', '.join(flags)})" if flags else "") + offer


def _grant(grant: GrantRule) -> str:
    units = f"{shown(grant.units)} " if grant.units is not None else ""
    unit = f"{grant.unit['en']} " if grant.unit else ""
    computed = f"as many as {grant.units_from} " if grant.units_from else ""
    review = f", looked at again after {_span(grant.next_review)}" if grant.next_review else ""
    return f"{units}{computed}{unit}for {_span(grant.period)}, beyond: {grant.beyond}{review}"


def _span(span: Span) -> str:
    parts = (("month", span.months), ("day", span.days), ("hour", span.hours))
    words = [
        f"{amount} {name}{'s' if abs(amount) != 1 else ''}" for name, amount in parts if amount
    ]
    return " ".join(words) or "0 days"


def _days(period: Period) -> str:
    start: date | str = period.start or "ever"
    end: date | str = period.end or "further notice"
    return f"from {start} to {end}"


def _tables(book: Rulebook) -> dict[str, str]:
    said = {}
    for plan in book.plans.values():
        benefits = book.benefits[plan.id]
        said[f"plan {plan.id}"] = (
            f"{plan.name}, {plan.line}, {plan.funding}, {plan.state}, unlisted: {benefits.unlisted}"
        )
        if benefits.missed:
            percent = benefits.missed.reduction
            share = "without a number" if percent is None else f"{shown(percent)} %"
            said[f"plan {plan.id}, penalty"] = f"{share}: {benefits.missed.text['en']}"
        for exclusion in benefits.exclusions:
            said[f"plan {plan.id}, excluded {exclusion.id}"] = _codes(exclusion.codes)
        for limit in benefits.limits:
            amount = f"{shown(limit.amount)} {limit.unit} of {_codes(limit.codes)}"
            said[f"plan {plan.id}, limit {limit.id}"] = amount
        for waiting in benefits.waiting:
            words = f"{waiting.months} months for {_codes(waiting.codes)}"
            said[f"plan {plan.id}, waiting {waiting.id}"] = words
    for rule in book.deadlines:
        stands = f", pause {rule.pause.most} {rule.pause.unit}" if rule.pause else ""
        more = f", at most {rule.extension.days} days more" if rule.extension else ""
        again = ", again after an update" if rule.restarts else ""
        lapse = f", missed: {rule.lapse.effect}" if rule.lapse else ""
        time = f"{rule.amount} {rule.unit}{stands}{more}{again}{lapse}"
        said[f"deadline {rule.id}"] = f"{time}, {_days(rule.period)}"
    for delegate in book.delegates.values():
        said[f"delegate {delegate.id}"] = f"{delegate.name}, {delegate.phone}"
    for app in book.apps.values():
        said[f"app {app.id}"] = f"{app.label['en']}, {app.launch}"
    for card in book.gold_cards:
        said[f"gold card {card.npi}"] = f"{_codes(card.codes)}, {_days(card.period)}"
    for category in book.sensitive.categories:
        codes = f"{_codes(category.services)}; {_codes(category.diagnoses)}"
        told = "told by number" if category.by_number else "never told"
        said[f"sensitive {category.id}"] = f"{codes}; {told}"
    for technology in book.technologies:
        slots = ", ".join(f"{slot.name} {slot.status}" for slot in technology.slots)
        said[f"technology {technology.id}"] = slots
    return said
