"""Reads `facts:`: what a policy must know, where it may be found, and what to ask when it is not."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from app.determine.subject import is_given
from app.domain.facts import EvidenceKind
from app.domain.policy import (
    Answerer,
    Bound,
    CodeSet,
    Conversion,
    Expression,
    FactSpec,
    FactType,
    Find,
    Option,
    Qualifier,
    Reading,
    Take,
)
from app.domain.values import Scalar
from app.rulebook.codes import code_set
from app.rulebook.tree import Fields, Node
from app.rulebook.words import FileState, optional_text, span, text, verified

CODED = {
    "observation": "LOINC",
    "diagnosis": "ICD10CM",
    "procedure": "HCPCS",
    "medication": "RXNORM",
    "document": "LOINC",
    "order": "HCPCS",
    "device": "SNOMED",
    "encounter": "SNOMED",
    "history": "HCPCS",
}
"""Places where facts are found by code, and the code system meant when none is written."""

NAMED = {"answer", "request", "member", "coverage"}
"""Places where facts are found by the name of an element."""

OPERATIONS = {
    "days-between": 2,
    "months-between": 2,
    "hours-between": 2,
    "years-between": 2,
    "difference": 2,
    "ratio": 2,
    "percent": 2,
    "percent-fall": 2,
    "bmi": 2,
    "ceiling": 1,
    "day-of": 1,
    "midnight-after": 1,
    "sum": 0,
    "product": 0,
    "lowest": 0,
    "highest": 0,
    "first-known": 0,
}
"""What may be computed, and from how many operands (0: any number)."""

BOUNDS = ("at_most", "less_than", "at_least", "more_than")


def fact(name: str, node: Node, state: FileState) -> FactSpec:
    """One fact."""
    fields = Fields(node, f"the fact {name}")
    kind = FactType(fields.need("type").one_of(tuple(FactType)))
    find = fields.get("find")
    derive = fields.get("derive")
    look_back = fields.get("look_back")
    look_back_from = fields.get("look_back_from")
    take = fields.get("take")
    unit = fields.get("unit")
    document = fields.get("document")
    options = fields.get("options")
    convert = fields.get("convert")
    plausible = fields.get("plausible")
    otherwise = fields.get("otherwise")
    answered = fields.get("answered_by")
    verified(fields, f"facts.{name}", state)
    read = FactSpec(
        name=name,
        label=text(fields.need("label")),
        type=kind,
        unit=unit.word() if unit else "",
        find=tuple(_find(item, kind, state) for item in find.listed()) if find else (),
        derive=expression(derive) if derive else None,
        look_back=span(look_back) if look_back else None,
        look_back_from=look_back_from.word() if look_back_from else "service-day",
        take=Take(take.one_of(tuple(Take))) if take else Take.LATEST,
        ask=optional_text(fields.get("ask")),
        hint=optional_text(fields.get("hint")),
        answered_by=Answerer(answered.one_of(tuple(Answerer))) if answered else Answerer.CLINICIAN,
        options=tuple(_option(item) for item in options.listed()) if options else (),
        document=document.word() if document else "",
        otherwise=value(otherwise, kind) if otherwise else None,
        conversions=tuple(_conversion(item) for item in convert.listed()) if convert else (),
        plausible=_bounds(plausible) if plausible else None,
    )
    fields.done()
    _refuse_odd(read, node)
    return read


def _refuse_odd(spec: FactSpec, node: Node) -> None:
    if spec.type is FactType.CHOICE and not spec.options:
        raise node.wrong(f"the choice {spec.name} needs `options:`")
    if spec.options and spec.type is not FactType.CHOICE:
        raise node.wrong(f"only a choice has `options:`; {spec.name} is {spec.type}")
    if spec.derive and spec.find:
        raise node.wrong(f"{spec.name} is either found or derived; use first-known for both")
    if spec.unit and spec.type is not FactType.NUMBER:
        raise node.wrong(f"only a number has a `unit:`; {spec.name} is {spec.type}")


def value(node: Node, kind: FactType) -> Scalar:
    """A value as a fact of this type has it."""
    match kind:
        case FactType.NUMBER:
            return node.number()
        case FactType.YES_NO:
            return node.yes_no()
        case FactType.DATE:
            return node.day()
        case FactType.INSTANT:
            return instant(node)
        case _:
            return node.word()


def instant(node: Node) -> date | datetime:
    """A day, or an instant as `2026-10-05T15:00` with or without offset."""
    try:
        read = datetime.fromisoformat(node.word())
    except ValueError:
        raise node.wrong(
            f"expected an instant like 2026-10-05T15:00, found {node.text!r}"
        ) from None
    return read.date() if len(node.word()) == len("2026-10-05") else read


def _find(node: Node, kind: FactType, state: FileState) -> Find:
    fields = Fields(node, "a place of `find:`")
    places = [name for name in fields.names() if name in CODED or name in NAMED]
    if len(places) != 1:
        raise node.wrong(f"a place names one of {', '.join((*CODED, *sorted(NAMED)))}")
    place = places[0]
    at = fields.need(place)
    coded = place in CODED
    what, only, back = fields.get("value"), fields.get("only"), fields.get("look_back")
    field = "" if coded else at.listed()[0].word()
    if place not in (*CODED, "answer") and not is_given(field):
        raise at.wrong(f"{field!r} is no element of a {place} (policies/README.md lists them)")
    read = Find(
        kind=EvidenceKind(place),
        codes=code_set(at, CODED[place], state.terms) if coded else CodeSet(written=at.words()),
        field=field,
        value=what.word() if what else _usual(place, kind),
        where=qualifiers(fields.get("where"), state),
        excluding=qualifiers(fields.get("excluding"), state),
        only=_bound(only) if only else None,
        look_back=span(back) if back else None,
    )
    fields.done()
    return read


def _usual(place: str, kind: FactType) -> str:
    """What is taken when the author did not say: the value, the day, or that it is there."""
    if place in ("observation", "answer") or place not in CODED:
        return "value"
    if kind in (FactType.DATE, FactType.INSTANT):
        return "date"
    return "present" if kind is FactType.YES_NO else "code"


def qualifiers(node: Node | None, state: FileState) -> tuple[Qualifier, ...]:
    """`where:` conditions; `name?:` lets evidence pass that does not say."""
    if node is None:
        return ()
    read = []
    for written, values in node.mapped().items():
        name, optional = written.rstrip("?"), written.endswith("?")
        readings = state.terms.qualifiers.get(name) or (Reading(name),)
        known = {
            word
            for reading in readings
            for word in (*reading.means.values(), reading.value, reading.other)
        }
        known.discard("")
        for item in values.listed():
            if known and item.word() not in known:
                raise item.wrong(f"{name} is one of {', '.join(sorted(known))}")
        read.append(Qualifier(name, frozenset(values.words()), readings, optional))
    return tuple(read)


def _bound(node: Node) -> Bound:
    fields = Fields(node, "`only:`")
    names = [name for name in fields.names() if name in BOUNDS]
    if len(names) != 1:
        raise node.wrong(f"`only:` has one of {', '.join(BOUNDS)}")
    read = Bound(names[0], fields.need(names[0]).number())
    fields.done()
    return read


def _option(node: Node) -> Option:
    fields = Fields(node, "an option")
    also = fields.get("also")
    codes = also.words() if also else ()
    read = Option(
        fields.need("code").word(),
        text(fields.need("label")),
        frozenset(codes),
        tuple(_pattern(code) for code in codes if _OPEN.fullmatch(code)),
    )
    fields.done()
    return read


_OPEN = re.compile(r"[A-Z]\d[0-9A-Zx.]*(-|x[0-9A-Zx.]*)")


def _pattern(code: str) -> str:
    """An ICD code with an open end or place, as a regular expression."""
    exact = re.escape(code.rstrip("-")).replace("x", ".")
    return f"{exact}.*" if code.endswith("-") else exact


def _conversion(node: Node) -> Conversion:
    fields = Fields(node, "a conversion")
    plus = fields.get("plus")
    read = Conversion(
        fields.need("unit").word(),
        fields.need("times").number(),
        plus.number() if plus else Decimal(0),
    )
    fields.done()
    return read


def _bounds(node: Node) -> tuple[Decimal, Decimal]:
    ends = node.listed()
    if len(ends) != 2:
        raise node.wrong("`plausible:` has two numbers, the lowest and the highest")
    return ends[0].number(), ends[1].number()


def expression(node: Node) -> Expression:
    """A fact name, a number, or `operation: [operands]`."""
    if node.fields is None:
        word = node.word()
        return (
            Expression("number", number=node.number())
            if word[0].isdigit() or word[0] == "-"
            else Expression("fact", fact=word)
        )
    if len(node.fields) != 1:
        raise node.wrong("an expression is one operation, like `bmi: [weight, height]`")
    (name, operands), *_ = node.fields.items()
    if name not in OPERATIONS:
        raise node.wrong(f"{name!r} is no operation (there are {', '.join(OPERATIONS)})")
    one_or_more = operands.items if operands.items is not None else [operands]
    read = tuple(expression(item) for item in one_or_more)
    wanted = OPERATIONS[name]
    if (wanted and len(read) != wanted) or not read:
        raise node.wrong(f"{name} takes {wanted or 'one or more'} operands, found {len(read)}")
    return Expression(name, read)
