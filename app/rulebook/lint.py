"""What a rulebook that loads should still do better: cited, dated, in both languages, nothing unasked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from app.domain.decision import ReviewKind
from app.domain.facts import EvidenceKind
from app.domain.policy import (
    Criterion,
    Expression,
    FactSpec,
    Find,
    GrantRule,
    Policy,
    Rule,
    Version,
)
from app.domain.values import Text
from app.rulebook.policy import mentioned
from app.rulebook.trial import leaves
from app.rulebook.words import LANGUAGES
from app.sealed import sealed

_GIVEN = (EvidenceKind.REQUEST, EvidenceKind.COVERAGE, EvidenceKind.MEMBER)


@sealed(frozen=True, slots=True)
class Advice:
    """`error` must be mended; `note` is to be known (unverified rules)."""

    severity: str
    policy: str
    where: str
    message: str


def lint(policy: Policy, today: date) -> Iterator[Advice]:
    """Everything that can be said about one policy without running its cases."""
    for where, message in _policy(policy, today):
        yield Advice("error", policy.id, where, message)
    for version in policy.versions:
        for where, message in _version(version):
            yield Advice("error", policy.id, f"{version.version} {where}", message)
        for mark in version.unverified:
            yield Advice("note", policy.id, mark.where, f"not verified: {mark.reason}")


def _policy(policy: Policy, today: date) -> Iterator[tuple[str, str]]:
    for name, text in (("title", policy.title), ("summary", policy.summary)):
        yield from _languages(name, text)
    for source in policy.sources:
        where = f"sources.{source.id}"
        if source.reviewed is None or source.next_review is None:
            yield where, "say when it was read (`reviewed:`) and is read again (`next_review:`)"
        elif source.next_review < today:
            yield where, f"should have been read again by {source.next_review}"
        if not source.url.startswith("https://"):
            yield where, "its `url:` should begin with https://"

    used = set().union(*(_used(version) for version in policy.versions))
    for name, spec in {k: v for each in policy.versions for k, v in each.facts.items()}.items():
        if name not in used and not _given(spec):
            yield f"facts.{name}", "no criterion uses it"


def _version(version: Version) -> Iterator[tuple[str, str]]:
    yield from _criteria(version)
    yield from _facts(version)
    yield from _grants(version)
    for kind, rules in (("never", version.never), ("clinician", version.clinician)):
        for rule in rules:
            yield from _languages(f"{kind}.{rule.id}", rule.text)
            if kind == "never" or rule.always:
                yield from _blocking(kind, rule, version)
    for companion in version.companions:
        yield from _languages(f"companions.{companion.id}", companion.text)
        if not companion.citations:
            yield f"companions.{companion.id}", "needs `cite:`"
    for document in version.documents:
        yield from _languages(f"documents.{document.id}", document.label)
        if not loinc_is_sound(document.loinc):
            yield f"documents.{document.id}", f"{document.loinc} is no LOINC code (check digit)"
    for name, told in version.tell.items():
        yield from _languages(f"tell.{name}", told)


def _criteria(version: Version) -> Iterator[tuple[str, str]]:
    roots = [version.criterion] if version.criterion else []
    roots += [way.criterion for way in version.pathways]
    for root in roots:
        yield from _uncited(root, False)
    for way in version.pathways:
        yield from _languages(f"pathways.{way.id}", way.label)


def _uncited(criterion: Criterion, cited: bool) -> Iterator[tuple[str, str]]:
    cited = cited or bool(criterion.citations)
    yield from _languages(criterion.id, criterion.label)
    if criterion.test is not None and criterion.test.operator != "known" and not cited:
        yield criterion.id, "needs `cite:`, here or on the criterion around it"
    for part in criterion.parts:
        yield from _uncited(part, cited)


def _used(version: Version) -> set[str]:
    """The facts that something in this version looks at, directly or not."""
    used = {leaf.test.fact for leaf in leaves(version) if leaf.test}
    for leaf in leaves(version):
        if leaf.test and leaf.test.window:
            used.add(leaf.test.window.of)
        used |= {operand.fact for operand in (leaf.test.operands if leaf.test else ())}
    used |= {rule.units_from for rule in grants(version)}
    waiting = list(used)
    while waiting:
        spec = version.facts.get(waiting.pop())
        for name in mentioned(spec) if spec else ():
            if name not in used:
                used.add(name)
                waiting.append(name)
    return used


def _facts(version: Version) -> Iterator[tuple[str, str]]:
    for spec in version.facts.values():
        if _given(spec):
            continue
        where = f"facts.{spec.name}"
        for text in (spec.label, spec.ask, spec.hint):
            yield from _languages(where, text)
        for option in spec.options:
            yield from _languages(f"{where}.{option.code}", option.label)
        for place in spec.find:
            yield from _loinc(where, place)


def _loinc(where: str, place: Find) -> Iterator[tuple[str, str]]:
    for system, code in place.codes.exact:
        if system == "LOINC" and not loinc_is_sound(code):
            yield where, f"{code} is no LOINC code (its check digit is wrong)"


def _grants(version: Version) -> Iterator[tuple[str, str]]:
    asked = (ReviewKind.PRIOR_AUTHORIZATION, ReviewKind.CONCURRENT)
    approves = version.outcomes.met == "approve" and (version.criterion or version.pathways)
    everywhere = bool(version.pathways) and all(way.grant for way in version.pathways)
    for scope in version.scopes:
        granted = everywhere or scope.grant is not None or version.grant is not None
        if scope.review in asked and approves and not granted:
            yield f"applies.{scope.id}", "needs a `grant:`: what is authorized, and for how long"
        yield from _languages(f"applies.{scope.id}", scope.text)


def grants(version: Version) -> Iterator[GrantRule]:
    """Every grant that the version may give."""
    for grant in (
        version.grant,
        *(way.grant for way in version.pathways),
        *(scope.grant for scope in version.scopes),
    ):
        if grant is not None:
            yield grant


def _blocking(kind: str, rule: Rule, version: Version) -> Iterator[tuple[str, str]]:
    """A rule that must be answered before an approval needs facts that somebody can answer."""
    waiting = [rule.criterion]
    while waiting:
        criterion = waiting.pop()
        waiting.extend(criterion.parts)
        test = criterion.test
        if test is None or test.operator == "known":
            continue
        if not answerable(version.facts[test.fact], version.facts):
            yield (
                f"{kind}.{rule.id}",
                f"nobody can answer {test.fact}, so nothing would ever be approved: give it an "
                "`ask:` or an `otherwise:`",
            )


def answerable(spec: FactSpec, specs: Mapping[str, FactSpec]) -> bool:
    """Whether the fact can become known: given, asked for, with a fallback, or computed from such."""
    if spec.ask is not None or spec.otherwise is not None or _given(spec):
        return True
    if spec.derive is None:
        return False
    return all(answerable(specs[name], specs) for name in _named(spec.derive))


def _named(expression: Expression) -> Iterator[str]:
    if expression.fact:
        yield expression.fact
    for each in expression.operands:
        yield from _named(each)


def _given(spec: FactSpec) -> bool:
    return bool(spec.find) and spec.find[0].kind in _GIVEN


def _languages(where: str, text: Text | None) -> Iterator[tuple[str, str]]:
    if text is not None:
        for language in LANGUAGES:
            if not text.get(language):
                yield where, f"the text is missing in {language}"


def loinc_is_sound(code: str) -> bool:
    """Whether a LOINC code's check digit (mod 10, after its hyphen) is right."""
    digits, _, check = code.partition("-")
    if not (digits.isdigit() and check.isdigit() and len(check) == 1):
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value // 10 + value % 10
    return (10 - total % 10) % 10 == int(check)
