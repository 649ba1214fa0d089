"""A Decision as lines of text: the same tree on the command line, on the desk and in the case file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from app.domain.decision import Citation, Decision, Extension, Finding, ItemDecision
from app.domain.facts import Fact, Truth
from app.domain.values import Concept, Quantity, Scalar, Text

_MARK = {Truth.MET: "+", Truth.UNMET: "-", Truth.UNKNOWN: "?"}
_WORDS = {
    "en": {
        "line": "Line",
        "policy": "Policy",
        "why": "Why",
        "needed": "Needed",
        "granted": "Granted",
        "earlier": "Granted before the change, in force until it is decided",
        "units": "units",
        "to": "to",
        "due": "Due",
        "paused": "The clock stands still for what was asked for, at most until",
        "extended": "More time",
        "member-told": "The member must be told",
        "asked-by": "asked for by",
        "member": "the member",
        "provider": "the provider",
        "payer": "the payer",
        "error": "Not answered",
        "unknown": "unknown",
        "yes": "yes",
        "no": "no",
        "from": "from",
        "rulebook": "Rulebook",
        "document": "document",
        "review": "next review",
        "clinical": "clinical verdict",
        "benefit": "benefit",
        "penalty": "Apart from necessity",
        "protected": "Protected by",
        "hours": "hours",
        "days": "days",
        "business-days": "business days",
    },
    "es": {
        "line": "Línea",
        "policy": "Política",
        "why": "Motivo",
        "needed": "Falta",
        "granted": "Concedido",
        "earlier": "Concedido antes del cambio, vigente hasta que se decida",
        "units": "unidades",
        "to": "a",
        "due": "Fecha límite",
        "paused": "El plazo está detenido por lo que se pidió, a más tardar hasta",
        "extended": "Prórroga",
        "member-told": "Hay que avisar al afiliado",
        "asked-by": "pedida por",
        "member": "el afiliado",
        "provider": "el proveedor",
        "payer": "el pagador",
        "error": "Sin respuesta",
        "unknown": "desconocido",
        "yes": "sí",
        "no": "no",
        "from": "de",
        "rulebook": "Reglas",
        "document": "documento",
        "review": "próxima revisión",
        "clinical": "veredicto clínico",
        "benefit": "beneficio",
        "penalty": "Aparte de la necesidad",
        "protected": "Protección",
        "hours": "horas",
        "days": "días",
        "business-days": "días hábiles",
    },
}


def explain(decision: Decision, language: str = "en") -> Iterator[str]:
    """The whole decision, one line of text after another; `language` is `en` or `es`."""
    words = _WORDS[language]
    for error in decision.errors:
        yield f"{words['error']}: {_in(error.text, language)} ({error.problem} at {error.at})"
    for item in decision.items:
        yield from explain_item(item, language)
    if decision.due:
        yield f"{words['due']}: {decision.due.isoformat()} ({decision.deadline_rule})"
    if decision.paused_until:
        yield f"{words['paused']}: {decision.paused_until.isoformat()}"
    for more in decision.extensions:
        yield from _extension(more, language)
    for each in decision.protections:
        time = f"{each.amount} {words[each.unit]}"
        yield f"{words['protected']}: {time}, {each.rule}{_cited((each.citation,))}"
    yield f"{words['rulebook']}: {decision.rulebook[:16]}"


def _extension(more: Extension, language: str) -> Iterator[str]:
    words = _WORDS[language]
    asked = f"{more.days} {words['days']}, {words['asked-by']} {words[more.asked_by]}"
    reason = _in(more.reason, language)
    yield f"{words['extended']}: {asked}: {reason}{_cited(more.citations)}"
    if more.notice:
        yield f"{words['member-told']}: {more.notice}"


def explain_item(item: ItemDecision, language: str = "en") -> Iterator[str]:
    """The answer for one line, with its finding tree."""
    words = _WORDS[language]
    cause = f" ({item.pend_cause})" if item.pend_cause else ""
    yield f"{words['line']} {item.sequence}: {item.outcome}{cause} [{item.review_kind}]"
    if item.policy:
        title = _in(item.policy.title, language)
        version = f"{item.policy.id} {item.policy.version} {item.policy.sha256[:12]}"
        yield f"  {words['policy']}: {title} ({version})"
    verdict = item.clinical or words["unknown"]
    yield f"  {words['clinical']}: {verdict}; {words['benefit']}: {item.benefit}"
    for reason in item.reasons:
        yield f"  {words['why']}: {_in(reason.text, language)}{_cited(reason.citations)}"
    if item.penalty:
        percent = item.penalty.reduction
        share = f" ({_value(percent, words)} %)" if percent is not None else ""
        told = _in(item.penalty.text, language)
        yield f"  {words['penalty']}: {told}{share}{_cited(item.penalty.citations)}"
    if item.earlier:
        earlier = item.earlier
        span = f"{earlier.period.start} {words['to']} {earlier.period.end}"
        yield f"  {words['earlier']}: {earlier.number}, {span}"
    if item.grant:
        grant = item.grant
        units = f"{_units(grant.units, words)}, " if grant.units else ""
        yield f"  {words['granted']}: {units}{grant.period.start} {words['to']} {grant.period.end}"
        if grant.next_review:
            yield f"  {words['review']}: {grant.next_review}"
    for need in item.needed:
        question = _in(need.question, language)
        yield f"  {words['needed']}: {question} ({words['document']} {need.loinc})"
    if item.finding:
        yield from tree(item.finding, language, 1)


def tree(finding: Finding, language: str = "en", depth: int = 0) -> Iterator[str]:
    """A finding and its parts: `+` met, `-` unmet, `?` unknown, with each fact and its source."""
    indent = "  " * depth
    label = _in(finding.label, language)
    yield f"{indent}{_MARK[finding.truth]} {label}{_cited(finding.citations)}"
    for fact in finding.facts:
        yield f"{indent}    {fact_line(fact, language)}"
    for part in _shown(finding):
        yield from tree(part, language, depth + 1)


def _shown(finding: Finding) -> tuple[Finding, ...]:
    """The parts worth reading: not the consequence of a condition that does not apply."""
    idle = finding.combination == "if" and finding.parts[0].truth is Truth.UNMET
    return finding.parts[:1] if idle else finding.parts


def fact_line(fact: Fact, language: str = "en") -> str:
    """`spo2-rest = 86 % (2026-11-02, Observation urn:uuid:…)`, or why it is unknown."""
    words = _WORDS[language]
    if not fact.known:
        return f"{fact.name}: {words['unknown']} ({fact.why_unknown})"
    said = _value(fact.value, words)
    unit = f" {fact.unit}" if fact.unit else ""
    notes = [fact.at.isoformat()] if fact.at else []
    sources = dict.fromkeys(f"{each.kind} {each.where}".strip() for each in fact.sources)
    notes += list(sources)[:3]
    return f"{fact.name} = {said}{unit}" + (f" ({', '.join(notes)})" if notes else "")


def _units(units: Quantity, words: dict[str, str]) -> str:
    said = _value(units, words)
    return said if units.unit or units.code else f"{said} {words['units']}"


def _cited(citations: Iterable[Citation]) -> str:
    said = "; ".join(f"{each.title} {each.section}".strip() for each in citations)
    return f" [{said}]" if said else ""


def _in(text: Text, language: str) -> str:
    return text.get(language) or text["en"]


def _value(value: Scalar | None, words: dict[str, str]) -> str:
    if isinstance(value, bool):
        return words["yes" if value else "no"]
    if isinstance(value, Decimal):
        return format(round(value, 4).normalize(), "f") if value else "0"
    if isinstance(value, Quantity):
        return f"{_value(value.value, words)} {value.unit or value.code}".strip()
    if isinstance(value, Concept):
        return ", ".join(coding.code for coding in value.codings) or value.text
    return value.isoformat() if isinstance(value, date) else str(value)
