"""Hold a policy version against the facts of a line: one verdict, the tree behind it, what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from app.determine.book import Ready, ReadyPathway, ReadyRule
from app.determine.criteria import combined
from app.determine.facts import Facts
from app.determine.sought import operands
from app.determine.subject import Subject
from app.determine.words import QUESTION, filled
from app.domain.decision import Finding, Needed
from app.domain.facts import Fact, Truth
from app.domain.policy import Document, FactSpec, GrantRule, Pathway, Rule, Span
from app.domain.values import Text
from app.sealed import sealed

_MEDICAL_RECORDS = Document("", {"en": "Medical records", "es": "Historia clínica"}, "11503-0")
_CRITERIA: Text = {"en": "Criteria for every request", "es": "Criterios para toda solicitud"}
_WAYS: Text = {"en": "One of the ways to qualify", "es": "Una de las formas de cumplir"}
_NEVER: Text = {"en": "Not covered by rule", "es": "Sin cobertura según la regla"}
_PERSON: Text = {"en": "Goes to a clinician", "es": "Pasa a un profesional clínico"}
_EXEMPT: Text = {"en": "No review needed", "es": "No necesita revisión"}


@sealed(frozen=True, slots=True)
class Judgement:
    """The verdict of one policy on one line.

    `truth` is that of criteria and pathways; `never`, `route` and `exempt` the rules found to hold.
    `never_unknown` names a benefit fact or an always-route that nobody can tell yet: no approval.
    """

    truth: Truth
    finding: Finding
    pathway: Pathway | None
    grant: GrantRule | None
    never: Rule | None
    route: Rule | None
    exempt: Rule | None
    open_rule: bool
    needed: tuple[Needed, ...]
    conflict: bool
    facts: Facts


def judge(ready: Ready, subject: Subject) -> Judgement:
    """The verdict of a policy version, with its finding tree and the facts that would change it."""
    facts = Facts(subject, ready.sought)
    parts: list[Finding] = []
    truths: list[Truth] = []
    if ready.judge is not None and (common := ready.judge(facts)) is not None:
        parts.append(_titled(common, _CRITERIA))
        truths.append(common.truth)
    ways = [(way, found) for way in ready.pathways if (found := _way(way, facts)) is not None]
    if ways:
        parts.append(_ways(ways))
        truths.append(parts[-1].truth)
    truth = combined("all", truths) if truths else Truth.UNKNOWN
    met = next((way for way, found in ways if found.truth is Truth.MET), None)
    never = _rules(ready.never, facts)
    routes = _rules(ready.clinician, facts)
    exempt = _rules(ready.exempt, facts)
    for name, label, rules in (
        ("never", _NEVER, never),
        ("clinician", _PERSON, routes),
        ("exempt", _EXEMPT, exempt),
    ):
        if rules:
            parts.append(_group(name, label, rules))
    root = Finding(
        ready.policy.id, ready.policy.title, truth, parts=tuple(parts), combination="all"
    )
    blocking = [each for rule, each in never if each.truth is Truth.UNKNOWN]
    blocking += [each for rule, each in routes if rule.always and each.truth is Truth.UNKNOWN]
    deciding = [part for part in parts if part.rule not in ("never", "clinician", "exempt")]
    missing = list(_missing([*deciding, *blocking]))
    return Judgement(
        truth=truth,
        finding=root,
        pathway=met.pathway if met else None,
        grant=met.pathway.grant if met else None,
        never=_held(never),
        route=_held(routes),
        exempt=_held(exempt),
        open_rule=bool(blocking),
        needed=_needed(missing, facts, ready),
        conflict=any(fact.why_unknown == "conflict" for fact in missing),
        facts=facts,
    )


_Held = list[tuple[Rule, Finding]]


def _rules(rules: tuple[ReadyRule, ...], facts: Facts) -> _Held:
    return [(each.rule, found) for each in rules if (found := each.judge(facts)) is not None]


def _held(rules: _Held) -> Rule | None:
    for rule, found in rules:
        if found.truth is Truth.MET:
            return rule
    return None


def _titled(finding: Finding, label: Text) -> Finding:
    return Finding(
        finding.rule,
        label,
        finding.truth,
        finding.facts,
        finding.citations,
        finding.parts or (finding,),
        finding.combination if finding.parts else "all",
    )


def _way(way: ReadyPathway, facts: Facts) -> Finding | None:
    name, label = way.pathway.id, way.pathway.label
    opened = way.when(facts) if way.when is not None else None
    if opened is not None and opened.truth is not Truth.MET:
        return Finding(name, label, Truth.UNMET, parts=(opened,), combination="all")
    found = way.judge(facts)
    if found is None:
        return None
    parts = (opened, found) if opened is not None else (found,)
    return Finding(name, label, found.truth, parts=parts, combination="all")


def _ways(ways: list[tuple[ReadyPathway, Finding]]) -> Finding:
    parts = tuple(found for _, found in ways)
    truth = combined("any", [part.truth for part in parts])
    return Finding("pathways", _WAYS, truth, parts=parts, combination="any")


def _group(name: str, label: Text, rules: _Held) -> Finding:
    parts = tuple(
        Finding(
            rule.id,
            rule.text,
            found.truth,
            citations=rule.citations,
            parts=(found,),
            combination="all",
        )
        for rule, found in rules
    )
    truth = combined("any", [part.truth for part in parts])
    return Finding(name, label, truth, parts=parts, combination="any")


def _missing(findings: list[Finding]) -> Iterator[Fact]:
    """The unknown facts that keep these findings undecided, each once, in reading order."""
    seen: set[str] = set()
    waiting = list(reversed(findings))
    while waiting:
        finding = waiting.pop()
        if finding.truth is not Truth.UNKNOWN:
            continue
        waiting.extend(reversed(_open_parts(finding)))
        for fact in finding.facts:
            if not fact.known and fact.name not in seen:
                seen.add(fact.name)
                yield fact


def _open_parts(finding: Finding) -> tuple[Finding, ...]:
    """The parts to look into: while a condition is open, nobody is asked about its consequence."""
    condition_open = finding.combination == "if" and finding.parts[0].truth is Truth.UNKNOWN
    return finding.parts[:1] if condition_open else finding.parts


def _needed(missing: list[Fact], facts: Facts, ready: Ready) -> tuple[Needed, ...]:
    asked: dict[str, Needed] = {}
    for fact in missing:
        for spec in _askable(facts.spec(fact.name), facts):
            if spec.name not in asked:
                asked[spec.name] = _request(spec, ready)
    return tuple(asked.values())


def _askable(spec: FactSpec, facts: Facts) -> Iterator[FactSpec]:
    """The facts to ask for: this one, or those that it is computed from."""
    if spec.ask is not None:
        yield spec
    elif spec.derive is not None:
        for name in operands(spec.derive):
            if not facts.find(name).known:
                yield from _askable(facts.spec(name), facts)
    elif spec.find and spec.find[0].field:
        yield spec


_THREE_MONTHS = "18804-5"
"""LOINC attachment modifier: from the three months before the service starts."""


def _request(spec: FactSpec, ready: Ready) -> Needed:
    version = ready.version
    papers = {document.id: document for document in version.documents}
    usual = version.documents[0] if version.documents else _MEDICAL_RECORDS
    paper = papers.get(spec.document, usual)
    return Needed(
        fact=spec.name,
        question=spec.ask or filled(QUESTION, label=spec.label),
        loinc=paper.loinc,
        pwk=paper.pwk,
        questionnaire=f"{ready.policy.id}|{version.version}" if spec.ask else "",
        modifier_loinc=_THREE_MONTHS if _is_recent(spec) else "",
    )


def _is_recent(spec: FactSpec) -> bool:
    """Whether what is asked for must be from the three months before the service."""
    return spec.look_back == Span(months=3) and spec.look_back_from == "service-day"
