"""Policies and list lines as plain JSON values: what the public pages show and what programs get.

Texts stay by language; days are ISO, numbers texts as their author wrote them. Only what is written
in the rulebook stands here, nothing of a person or a case.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.determine.listing import ListChange, Listed
from app.domain.decision import Citation
from app.domain.policy import (
    Criterion,
    FactSpec,
    GrantRule,
    Pathway,
    Policy,
    PolicySource,
    Rule,
    Scope,
    Span,
    Version,
    Where,
)
from app.domain.values import Period, Text
from app.rulebook.words import shown

Json = dict[str, Any]

_CONDITIONS = (
    "lines", "plans", "products", "states", "funding", "networks", "places", "specialties",
    "modifiers", "without_modifiers", "accompanied_by",
)  # fmt: skip


def public_policy(policy: Policy) -> Json:
    """A policy with all its versions, newest first."""
    newest = sorted(policy.versions, key=lambda each: str(each.period.start or ""), reverse=True)
    return {
        "id": policy.id,
        "role": str(policy.role),
        "owner": policy.owner,
        "title": policy.title,
        "summary": policy.summary,
        "sha256": policy.sha256,
        "sources": [_source(each) for each in policy.sources],
        "versions": [_version(each) for each in newest],
    }


def public_line(line: Listed) -> Json:
    """A line of a list."""
    return {
        "system": line.system,
        "code": line.code,
        "review": str(line.review),
        "for": conditions(line.where),
        **_days(line.period),
        "policy": line.policy,
        "page": line.path,
        "title": line.title,
        "delegate": line.delegate,
        "citations": citations(line.citations),
    }


def public_change(change: ListChange) -> Json:
    """A line that came onto a list or left it."""
    return {
        "day": change.day.isoformat(),
        "change": "added" if change.added else "removed",
        **public_line(change.line),
    }


def conditions(where: Where) -> Json:
    """For whom and where something holds; what is not written does not restrict."""
    written: Json = {name: sorted(part) for name in _CONDITIONS if (part := getattr(where, name))}
    written |= {"sex": where.sex} if where.sex else {}
    for name in ("age_from", "age_below"):
        if getattr(where, name) is not None:
            written[name] = getattr(where, name)
    return written


def citations(rests_on: Iterable[Citation]) -> list[Json]:
    """The sources of a rule."""
    return [{"title": each.title, "section": each.section, "url": each.url} for each in rests_on]


def _source(source: PolicySource) -> Json:
    return {
        "id": source.id,
        "title": source.title,
        "kind": source.kind,
        "url": source.url,
        "section": source.section,
        "reviewed": source.reviewed.isoformat() if source.reviewed else None,
        "next_review": source.next_review.isoformat() if source.next_review else None,
    }


def _version(version: Version) -> Json:
    return {
        "version": version.version,
        **_days(version.period),
        "applies": [_scope(each) for each in version.scopes],
        "criteria": _criterion(version.criterion) if version.criterion else None,
        "pathways": [_pathway(each) for each in version.pathways],
        "never": [_rule(each) for each in version.never],
        "clinician": [_rule(each) for each in version.clinician],
        "exempt": [_rule(each) for each in version.exempt],
        "grant": _grant(version.grant),
        "questions": [_question(each) for each in version.facts.values() if each.ask],
        "documents": [
            {"id": each.id, "label": each.label, "loinc": each.loinc, "when": each.when}
            for each in version.documents
        ],
        "companions": [
            {"id": each.id, "service": each.service, "text": each.text}
            for each in version.companions
        ],
        "unverified": [{"at": each.where, "because": each.reason} for each in version.unverified],
    }


def _scope(scope: Scope) -> Json:
    return {
        "id": scope.id,
        "review": str(scope.review),
        "services": ["any"] if scope.services.any else list(scope.services.codes.written),
        "list": scope.listed,
        "for": conditions(scope.where),
        **_days(scope.period),
        "delegate": scope.delegate,
        "asked_by": str(scope.asked_by),
        "text": scope.text,
        "citations": citations(scope.citations),
        "grant": _grant(scope.grant),
    }


def _criterion(criterion: Criterion) -> Json:
    return {
        "id": criterion.id,
        "kind": criterion.kind,
        "label": criterion.label,
        "minimum": criterion.minimum or None,
        **_days(criterion.period),
        "citations": citations(criterion.citations),
        "parts": [_criterion(each) for each in criterion.parts],
    }


def _pathway(pathway: Pathway) -> Json:
    return {
        "id": pathway.id,
        "label": pathway.label,
        "when": _criterion(pathway.when) if pathway.when else None,
        "criteria": _criterion(pathway.criterion),
        "grant": _grant(pathway.grant),
    }


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "text": rule.text,
        "when": _criterion(rule.criterion),
        "citations": citations(rule.citations),
    }


def _grant(grant: GrantRule | None) -> Json | None:
    if grant is None:
        return None
    return {
        "units": shown(grant.units) if grant.units is not None else grant.units_from or None,
        "unit": grant.unit,
        "period": _span(grant.period),
        "next_review": _span(grant.next_review) if grant.next_review else None,
        "beyond": grant.beyond,
        "text": grant.text,
        "citations": citations(grant.citations),
    }


def _question(spec: FactSpec) -> Json:
    asked: Text = spec.ask or spec.label
    return {
        "fact": spec.name,
        "question": asked,
        "type": str(spec.type),
        "unit": spec.unit,
        "answered_by": str(spec.answered_by),
        "options": [{"code": each.code, "label": each.label} for each in spec.options],
    }


def _span(span: Span) -> Json:
    parts = (("months", span.months), ("days", span.days), ("hours", span.hours))
    return {name: amount for name, amount in parts if amount}


def _days(period: Period) -> Json:
    return {
        "from": period.start.isoformat() if period.start else None,
        "to": period.end.isoformat() if period.end else None,
    }
