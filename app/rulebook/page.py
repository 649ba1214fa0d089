"""A policy as a page of plain text that a clinician can read from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from app.domain.policy import Criterion, FactSpec, GrantRule, Policy, Rule, Scope, Span, Version
from app.domain.values import Period, Text
from app.rulebook.words import shown

_HEADS = {
    "en": {
        "owner": "Owner",
        "sources": "Rests on",
        "read": "read",
        "again": "again by",
        "version": "Version",
        "applies": "Applies to",
        "criteria": "Criteria for every request",
        "ways": "Ways to qualify",
        "when": "looked at when",
        "never": "Never covered",
        "clinician": "Goes to a clinician",
        "exempt": "Needs no review",
        "grant": "Granted",
        "facts": "What we need to know",
        "documents": "What shows it",
        "companions": "Proposed beside it",
        "unverified": "Not verified yet",
        "always": "always",
        "any": "any service",
        "months": "month(s)",
        "days": "day(s)",
        "hours": "hour(s)",
    },
    "es": {
        "owner": "Responsable",
        "sources": "Se basa en",
        "read": "leído",
        "again": "de nuevo antes de",
        "version": "Versión",
        "applies": "Se aplica a",
        "criteria": "Criterios para toda solicitud",
        "ways": "Formas de cumplir",
        "when": "se considera cuando",
        "never": "Nunca cubierto",
        "clinician": "Pasa a un profesional clínico",
        "exempt": "No necesita revisión",
        "grant": "Se concede",
        "facts": "Lo que necesitamos saber",
        "documents": "Lo que lo demuestra",
        "companions": "Se propone además",
        "unverified": "Aún sin verificar",
        "always": "siempre",
        "any": "cualquier servicio",
        "months": "mes(es)",
        "days": "día(s)",
        "hours": "hora(s)",
    },
}
_COMBINED = {"all": "∀", "any": "∃", "none": "∄", "at-least": "≥", "if": "→", "fact": "•"}


def page(policy: Policy, language: str = "en") -> Iterator[str]:
    """The page, line by line."""
    heads = _HEADS[language]
    yield _in(policy.title, language)
    yield "=" * len(_in(policy.title, language))
    yield fill(_in(policy.summary, language), 96)
    yield ""
    yield f"{policy.id} · {heads['owner']}: {policy.owner}"
    yield ""
    yield heads["sources"]
    for source in policy.sources:
        dates = f"{heads['read']} {source.reviewed}, {heads['again']} {source.next_review}"
        yield f"  {source.title} ({dates})"
        yield f"    {source.url}"
    for version in policy.versions:
        yield ""
        yield f"{heads['version']} {version.version} ({_days(version.period, heads)})"
        yield from _version(version, language)


def _version(version: Version, language: str) -> Iterator[str]:
    heads = _HEADS[language]
    yield f"  {heads['applies']}"
    for scope in version.scopes:
        yield f"    {_scope(scope, heads)}"
    if version.criterion:
        yield f"  {heads['criteria']}"
        yield from _criterion(version.criterion, language, 2)
    if version.pathways:
        yield f"  {heads['ways']}"
    for way in version.pathways:
        yield f"    {_in(way.label, language)}"
        if way.when:
            yield f"      ({heads['when']})"
            yield from _criterion(way.when, language, 4)
        yield from _criterion(way.criterion, language, 3)
        if way.grant:
            yield f"      {heads['grant']}: {_grant(way.grant, language)}"
    for name, rules in (
        ("never", version.never),
        ("clinician", version.clinician),
        ("exempt", version.exempt),
    ):
        yield from _rules(heads[name], rules, language)
    if version.grant:
        yield f"  {heads['grant']}: {_grant(version.grant, language)}"
    asked = [spec for spec in version.facts.values() if spec.ask]
    if asked:
        yield f"  {heads['facts']}"
    for spec in asked:
        yield f"    {_question(spec, language)}"
    if version.documents:
        yield f"  {heads['documents']}"
    for document in version.documents:
        yield f"    {_in(document.label, language)} (LOINC {document.loinc})"
    if version.companions:
        yield f"  {heads['companions']}"
    for companion in version.companions:
        yield f"    {companion.service}: {_in(companion.text, language)}"
    if version.unverified:
        yield f"  {heads['unverified']}"
    for mark in version.unverified:
        yield f"    {mark.where}: {mark.reason}"


def _scope(scope: Scope, heads: dict[str, str]) -> str:
    services = heads["any"] if scope.services.any else ", ".join(scope.services.codes.written)
    where = scope.where
    limits = [
        ", ".join(sorted(part))
        for part in (where.lines, where.plans, where.states, where.funding, where.places)
        if part
    ]
    days = _days(scope.period, heads)
    return f"{scope.review}: {services} ({'; '.join([*limits, days])})"


def _criterion(criterion: Criterion, language: str, depth: int) -> Iterator[str]:
    indent = "  " * depth
    cited = "; ".join(f"{each.title} {each.section}".strip() for each in criterion.citations)
    open_ends = criterion.period == Period()
    days = "" if open_ends else f" ({_days(criterion.period, _HEADS[language])})"
    mark = _COMBINED[criterion.kind]
    label = _in(criterion.label, language)
    yield f"{indent}{mark} {label}{days}" + (f" [{cited}]" if cited else "")
    for part in criterion.parts:
        yield from _criterion(part, language, depth + 1)


def _rules(head: str, rules: tuple[Rule, ...], language: str) -> Iterator[str]:
    if rules:
        yield f"  {head}"
    for rule in rules:
        cited = "; ".join(f"{each.title} {each.section}".strip() for each in rule.citations)
        yield f"    {_in(rule.text, language)}" + (f" [{cited}]" if cited else "")
        yield from _criterion(rule.criterion, language, 3)


def _grant(grant: GrantRule, language: str) -> str:
    unit = f" {_in(grant.unit, language)}" if grant.unit else ""
    units = f"{shown(grant.units)}{unit}, " if grant.units is not None else ""
    text = f". {_in(grant.text, language)}" if grant.text else ""
    return f"{units}{_span(grant.period, _HEADS[language])}{text}"


def _question(spec: FactSpec, language: str) -> str:
    unit = f" [{spec.unit}]" if spec.unit else ""
    options = " / ".join(_in(option.label, language) for option in spec.options)
    asked = _in(spec.ask or spec.label, language)
    return f"{spec.name}: {asked}{unit}" + (f" {options}" if options else "")


def _span(span: Span, heads: dict[str, str]) -> str:
    parts = (("months", span.months), ("days", span.days), ("hours", span.hours))
    return " ".join(f"{amount} {heads[name]}" for name, amount in parts if amount)


def _days(period: Period, heads: dict[str, str]) -> str:
    if period.start is None and period.end is None:
        return heads["always"]
    return f"{period.start or '…'} – {period.end or '…'}"


def _in(text: Text, language: str) -> str:
    return text.get(language) or text["en"]
