"""Reads criteria trees, pathways, benefit facts, routes to a person, and grants."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from app.domain.policy import (
    CodeSet,
    Companion,
    Criterion,
    FactSpec,
    FactType,
    GrantRule,
    Offer,
    Operand,
    OrderKind,
    Pathway,
    Rule,
    Test,
    Window,
)
from app.domain.values import Scalar, Text
from app.rulebook import facts
from app.rulebook.codes import code_set
from app.rulebook.tree import Fields, Node
from app.rulebook.wording import sentence
from app.rulebook.words import (
    FileState,
    citations,
    optional_text,
    period,
    span,
    text,
    verified,
    where,
)

ORDERED = ("at_most", "less_than", "at_least", "more_than")
OPERATORS = (*ORDERED, "equals", "not_equals", "one_of", "none_of", "is", "code_in", "code_not_in")
_COMBINATIONS = {
    "all": {"en": "All of these", "es": "Todo lo siguiente"},
    "any": {"en": "Any of these", "es": "Alguno de los siguientes"},
    "none": {"en": "None of these", "es": "Ninguno de los siguientes"},
    "at-least": {"en": "At least {n} of these", "es": "Al menos {n} de los siguientes"},
    "if": {"en": "If this applies, then the rest", "es": "Si esto se cumple, también lo demás"},
}


class Criteria:
    """Reads the trees of one version: knows its facts, and gives every node an id of its own."""

    def __init__(self, specs: dict[str, FactSpec], state: FileState) -> None:
        self._specs = specs
        self._state = state
        self._taken: dict[str, int] = {}

    def tree(self, node: Node, path: str) -> Criterion:
        """A criterion; a bare list means all of its items."""
        if node.items is not None:
            parts = tuple(self.tree(item, path) for item in node.items)
            return Criterion(self._name(path), "all", dict(_COMBINATIONS["all"]), parts)
        fields = Fields(node, "a criterion")
        given = fields.get("id")
        label = optional_text(fields.get("label"))
        cited = citations(fields, self._state)
        days = period(fields)
        if fields.has("fact"):
            fact = fields.need("fact")
            spec = self._spec(fact)
            test = self._test(fields, spec)
            name = self._name(given.word() if given else f"{path}.{spec.name}", given)
            label = label or sentence(test, spec, self._specs)
            read = Criterion(name, "fact", label, test=test, citations=cited, period=days)
        else:
            kind, nodes, minimum = _combination(fields)
            name = self._name(given.word() if given else f"{path}.{kind}", given)
            parts = tuple(self.tree(item, name) for item in nodes)
            label = label or _words(kind, minimum)
            read = Criterion(name, kind, label, parts, minimum, citations=cited, period=days)
        verified(fields, name, self._state)
        fields.done()
        return read

    def pathways(self, node: Node | None) -> tuple[Pathway, ...]:
        """Ways to qualify, in the order in which they are tried."""
        read = []
        for item in node.listed() if node else ():
            fields = Fields(item, "a pathway")
            name = fields.need("id").word()
            label = text(fields.need("label"))
            grant, when = fields.get("grant"), fields.get("when")
            read.append(
                Pathway(
                    id=name,
                    label=label,
                    criterion=self.tree(fields.need("criteria"), name),
                    grant=self.grant(grant) if grant else None,
                    when=self.tree(when, f"{name}.when") if when else None,
                )
            )
            verified(fields, name, self._state)
            fields.done()
        return tuple(read)

    def rules(self, node: Node | None, what: str) -> tuple[Rule, ...]:
        """Conditions with a sentence: benefit facts, routes to a person, exemptions."""
        read = []
        for item in node.listed() if node else ():
            fields = Fields(item, f"an entry of `{what}:`")
            name = fields.need("id")
            offer, signed, always, technology = (
                fields.get(key) for key in ("offer", "signed", "always", "technology")
            )
            read.append(
                Rule(
                    id=name.word(),
                    criterion=self.tree(fields.need("when"), name.word()),
                    text=text(fields.need("text")),
                    citations=citations(fields, self._state),
                    signed=signed.yes_no() if signed else False,
                    always=always.yes_no() if always else False,
                    offer=_offer(offer) if offer else None,
                    technology=technology.word() if technology else "",
                )
            )
            if what != "clinician" and not read[-1].citations:
                raise item.wrong(f"an entry of `{what}:` needs `cite:`")
            verified(fields, name.word(), self._state)
            fields.done()
        return tuple(read)

    def companions(self, node: Node | None) -> tuple[Companion, ...]:
        """Orders to propose beside the one at hand."""
        read = []
        for item in node.listed() if node else ():
            fields = Fields(item, "an entry of `companions:`")
            name, order = fields.need("id"), fields.need("order")
            when, same = fields.get("when"), fields.get("same_as")
            more = code_set(same, "HCPCS", self._state.terms) if same else CodeSet()
            read.append(
                Companion(
                    id=name.word(),
                    service=order.word(),
                    kind=OrderKind(fields.need("kind").one_of(tuple(OrderKind))),
                    codes=replace(more, exact=more.exact | {("HCPCS", order.word())}),
                    text=text(fields.need("text")),
                    criterion=self.tree(when, name.word()) if when else None,
                    citations=citations(fields, self._state),
                )
            )
            verified(fields, name.word(), self._state)
            fields.done()
        return tuple(read)

    def grant(self, node: Node) -> GrantRule:
        """What is authorized when the criteria are met."""
        fields = Fields(node, "a grant")
        units, unit, beyond, review = (
            fields.get(name) for name in ("units", "unit", "beyond", "next_review")
        )
        named = ""
        if units is not None and units.fields is not None:
            each = Fields(units, "`units:`")
            named = self._spec(each.need("fact")).name
            each.done()
        read = GrantRule(
            period=span(fields.need("period")),
            units=units.number() if units is not None and not named else None,
            units_from=named,
            unit=optional_text(unit),
            beyond=beyond.one_of(("clinician", "reduce")) if beyond else "clinician",
            per=optional_text(fields.get("per")),
            next_review=span(review) if review else None,
            text=optional_text(fields.get("text")),
            citations=citations(fields, self._state),
        )
        if read.beyond == "reduce" and not (read.citations and units):
            raise node.wrong("`beyond: reduce` needs `units:` and the rule in `cite:`")
        verified(fields, "grant", self._state)
        fields.done()
        return read

    def _spec(self, node: Node) -> FactSpec:
        spec = self._specs.get(node.word())
        if spec is None:
            raise node.wrong(f"no fact {node.word()!r} stands under `facts:`")
        return spec

    def _name(self, wanted: str, node: Node | None = None) -> str:
        count = self._taken.get(wanted, 0)
        self._taken[wanted] = count + 1
        if count and node is not None:
            raise node.wrong(f"the id {wanted!r} is used twice")
        return f"{wanted}-{count + 1}" if count else wanted

    def _test(self, fields: Fields, spec: FactSpec) -> Test:
        found = [name for name in (*OPERATORS, "known", "within") if fields.has(name)]
        if len(found) != 1:
            raise fields.node.wrong(
                f"a criterion compares its fact with exactly one of {', '.join(OPERATORS)}, "
                f"known, within; found {', '.join(found) or 'none'}"
            )
        operator = found[0]
        node = fields.need(operator)
        if operator == "within":
            return Test(spec.name, operator, window=self._window(node, spec))
        if operator == "known":
            return Test(spec.name, operator, (Operand(node.yes_no()),))
        _refuse_misfit(node, operator, spec)
        return Test(spec.name, operator, self._operands(node, operator, spec))

    def _operands(self, node: Node, operator: str, spec: FactSpec) -> tuple[Operand, ...]:
        rows = node.items or []
        if rows and rows[0].fields is not None:
            return tuple(self._row(row, operator, spec) for row in rows)
        return (self._operand(node, operator, spec),)

    def _row(self, node: Node, operator: str, spec: FactSpec) -> Operand:
        fields = Fields(node, "a dated value")
        plain = self._operand(fields.need("value"), operator, spec)
        days, condition = period(fields), where(fields)
        verified(fields, f"{spec.name} {operator}", self._state)
        fields.done()
        return replace(plain, period=days, where=condition)

    def _operand(self, node: Node, operator: str, spec: FactSpec) -> Operand:
        if node.fields is not None:
            fields = Fields(node, "a comparison with another fact")
            other = self._spec(fields.need("fact"))
            times, plus = fields.get("times"), fields.get("plus")
            fields.done()
            return Operand(
                fact=other.name,
                times=times.number() if times else Decimal(1),
                plus=plus.number() if plus else Decimal(0),
            )
        if operator in ("one_of", "none_of"):
            return Operand(tuple(_value(item, spec) for item in node.listed()))
        if operator in ("code_in", "code_not_in"):
            return Operand(codes=code_set(node, _system(spec), self._state.terms))
        return Operand(_value(node, spec))

    def _window(self, node: Node, spec: FactSpec) -> Window:
        if spec.type not in (FactType.DATE, FactType.INSTANT):
            raise node.wrong(f"`within:` compares days; {spec.name} is {spec.type}")
        fields = Fields(node, "`within:`")
        of = self._spec(fields.need("of"))
        start, end = fields.get("from"), fields.get("to")
        fields.done()
        if start is None and end is None:
            raise node.wrong("`within:` needs `from:` or `to:`, such as `from: -6 months`")
        return Window(of.name, span(start) if start else None, span(end) if end else None)


def _combination(fields: Fields) -> tuple[str, list[Node], int]:
    for kind in ("all", "any", "none"):
        if fields.has(kind):
            return kind, _parts(fields.need(kind)), 0
    if fields.has("at_least"):
        minimum = fields.need("at_least").whole()
        nodes = _parts(fields.need("of"))
        if not 1 <= minimum <= len(nodes):
            raise fields.node.wrong(
                f"`at_least: {minimum}` of {len(nodes)} criteria makes no sense"
            )
        return "at-least", nodes, minimum
    if fields.has("if"):
        return "if", [fields.need("if"), fields.need("then")], 0
    raise fields.node.wrong(
        "a criterion has one of `fact:`, `all:`, `any:`, `none:`, `at_least:` with `of:`, "
        "or `if:` with `then:`"
    )


def _parts(node: Node) -> list[Node]:
    nodes = node.listed()
    if not nodes:
        raise node.wrong("no criterion stands here")
    return nodes


def _words(kind: str, minimum: int) -> Text:
    return {lang: word.format(n=minimum) for lang, word in _COMBINATIONS[kind].items()}


def _system(spec: FactSpec) -> str:
    defaults = {"diagnosis": "ICD10CM", "place": "POS", "revenue": "REVENUE", "specialty": "NUCC"}
    defaults["service-type"] = "X12SERVICE"
    return defaults.get(spec.name, "HCPCS")


def _refuse_misfit(node: Node, operator: str, spec: FactSpec) -> None:
    fits = {
        FactType.NUMBER: (*ORDERED, "equals", "not_equals", "one_of", "none_of"),
        FactType.YES_NO: ("is",),
        FactType.DATE: (*ORDERED, "equals", "not_equals"),
        FactType.INSTANT: ORDERED,
        FactType.CHOICE: (*ORDERED, "is", "equals", "not_equals", "one_of", "none_of"),
        FactType.TEXT: ("is", "equals", "not_equals", "one_of", "none_of"),
        FactType.CODE: ("code_in", "code_not_in"),
    }[spec.type]
    if operator not in fits:
        raise node.wrong(
            f"{spec.name} is {spec.type}: compare it with {', '.join(fits)}, not {operator}"
        )


def _value(node: Node, spec: FactSpec) -> Scalar:
    read = facts.value(node, spec.type)
    if spec.type is FactType.CHOICE and read not in {option.code for option in spec.options}:
        known = ", ".join(option.code for option in spec.options)
        raise node.wrong(f"{read!r} is no option of {spec.name} (there are {known})")
    return read


def _offer(node: Node) -> Offer:
    fields = Fields(node, "an offer")
    read = Offer(fields.need("service").word(), text(fields.need("text")))
    fields.done()
    return read
