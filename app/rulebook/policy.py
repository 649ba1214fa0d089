"""Reads one `policy.yaml`: who owns it, what it rests on, and its dated versions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from app.determine.given import GIVEN
from app.domain.decision import ReviewKind
from app.domain.policy import (
    Asker,
    Document,
    FactSpec,
    Outcomes,
    Policy,
    PolicySource,
    Role,
    Scope,
    Services,
    Terms,
    Version,
)
from app.domain.values import Period, Text
from app.rulebook import facts
from app.rulebook.codes import code_set, from_rows
from app.rulebook.criteria import Criteria
from app.rulebook.tree import Fields, Node, parse
from app.rulebook.words import (
    FileState,
    ListRow,
    citations,
    optional_text,
    period,
    text,
    verified,
    where,
)

SOURCE_KINDS = (
    "statute", "regulation", "ncd", "lcd", "manual", "guideline", "label", "plan", "data"
)  # fmt: skip
BODY = (
    "applies", "facts", "criteria", "pathways", "never", "clinician", "exempt", "outcomes", "grant",
    "documents", "tell", "companions", "apps",
)  # fmt: skip
TOLD = tuple(
    f"{whom}-{what}"
    for whom in ("provider", "member")
    for what in ("approved", "modified", "review", "missing", "not-covered", "not-required")
)
URGENCIES = ("standard", "expedited", "drug")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


def read(content: str, file: str, terms: Terms, lists: Mapping[str, tuple[ListRow, ...]]) -> Policy:
    """One policy; BadData names file, line and what to do."""
    root = parse(content, file)
    fields = Fields(root, "a policy")
    state = FileState(terms, lists)
    name = fields.need("id")
    if not _ID.match(name.word()):
        raise name.wrong(f"{name.text!r}: an id has small letters, digits and hyphens")
    state.sources = {
        key: _source(key, node, state) for key, node in fields.need("sources").mapped().items()
    }
    role = fields.get("role")
    policy = Policy(
        id=name.word(),
        role=Role(role.one_of(tuple(Role))) if role else Role.COVERAGE,
        owner=fields.need("owner").word(),
        title=text(fields.need("title")),
        summary=text(fields.need("summary")),
        sources=tuple(state.sources.values()),
        versions=(),
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        file=file,
    )
    shared = {key: node for key in BODY if (node := fields.get(key)) is not None}
    versions = _versions(fields.need("versions"), shared, state)
    fields.done()
    return replace(policy, versions=versions)


def _source(name: str, node: Node, state: FileState) -> PolicySource:
    fields = Fields(node, f"the source {name}")
    section, reviewed, again = (fields.get(key) for key in ("section", "reviewed", "next_review"))
    verified(fields, f"sources.{name}", state)
    made = PolicySource(
        id=name,
        title=fields.need("title").word(),
        kind=fields.need("kind").one_of(SOURCE_KINDS),
        url=fields.need("url").word(),
        section=section.word() if section else "",
        reviewed=reviewed.day() if reviewed else None,
        next_review=again.day() if again else None,
    )
    fields.done()
    return made


def _versions(node: Node, shared: Mapping[str, Node], state: FileState) -> tuple[Version, ...]:
    made: list[Version] = []
    for item in node.listed():
        version = _version(item, shared, state)
        for other in made:
            if other.period.overlaps(version.period):
                raise item.wrong(f"versions {other.version} and {version.version} share days")
        made.append(version)
    if not made:
        raise node.wrong("a policy needs at least one version with `version:` and `from:`")
    return tuple(sorted(made, key=lambda each: each.period.start or date.min, reverse=True))


def _version(node: Node, shared: Mapping[str, Node], state: FileState) -> Version:
    own = Fields(node, "a version")
    name, days = own.need("version").word(), period(own)
    verified(own, f"versions.{name}", state)
    body = {key: own.get(key) or shared.get(key) for key in BODY}
    own.done()
    kept = state.unverified
    state.unverified = list(kept)
    specs = _facts(shared.get("facts"), own.get("facts"), state)
    criteria = Criteria(specs, state)
    tree, grant, outcomes = (body[key] for key in ("criteria", "grant", "outcomes"))
    applies = body["applies"]
    if applies is None:
        raise node.wrong("the policy needs `applies:` with the services that it is for")
    version = Version(
        version=name,
        period=days,
        scopes=tuple(each for item in applies.listed() for each in _scopes(item, criteria, state)),
        facts=MappingProxyType(specs),
        criterion=criteria.tree(tree, "criteria") if tree else None,
        pathways=criteria.pathways(body["pathways"]),
        never=criteria.rules(body["never"], "never"),
        clinician=criteria.rules(body["clinician"], "clinician"),
        exempt=criteria.rules(body["exempt"], "exempt"),
        outcomes=_outcomes(outcomes) if outcomes else Outcomes(),
        grant=criteria.grant(grant) if grant else None,
        documents=_documents(body["documents"]),
        tell=_tell(body["tell"]),
        companions=criteria.companions(body["companions"]),
        apps=tuple(apps.words()) if (apps := body["apps"]) else (),
    )
    version = replace(version, unverified=tuple(dict.fromkeys(state.unverified)))
    state.unverified = kept
    _refuse_gaps(version, node)
    return version


def _facts(shared: Node | None, own: Node | None, state: FileState) -> dict[str, FactSpec]:
    nodes = {**(shared.mapped() if shared else {}), **(own.mapped() if own else {})}
    specs = dict(GIVEN)
    for name, node in nodes.items():
        if not _ID.match(name):
            raise node.wrong(f"the fact {name!r}: a name has small letters, digits and hyphens")
        if name in GIVEN:
            raise node.wrong(f"{name} comes with every request; give this fact another name")
        specs[name] = facts.fact(name, node, state)
    for name, node in nodes.items():
        for other in mentioned(specs[name]):
            if other not in specs:
                raise node.wrong(f"{name} is computed from {other!r}, which is no fact")
    _refuse_circles(specs, nodes)
    return specs


def mentioned(spec: FactSpec) -> set[str]:
    """The facts that this one is computed or dated from."""
    found: set[str] = set()
    waiting = [spec.derive] if spec.derive else []
    while waiting:
        expression = waiting.pop()
        waiting.extend(expression.operands)
        if expression.fact:
            found.add(expression.fact)
    if spec.look_back or any(place.look_back for place in spec.find):
        found.add(spec.look_back_from)
    return found


def _refuse_circles(specs: Mapping[str, FactSpec], nodes: Mapping[str, Node]) -> None:
    for name, node in nodes.items():
        seen: set[str] = set()
        waiting = mentioned(specs[name])
        while waiting:
            other = waiting.pop()
            if other == name:
                raise node.wrong(f"{name} is computed from itself")
            if other not in seen:
                seen.add(other)
                waiting |= mentioned(specs[other])


def _scopes(node: Node, criteria: Criteria, state: FileState) -> list[Scope]:
    fields = Fields(node, "an entry of `applies:`")
    delegate, urgency, grant = (fields.get(key) for key in ("delegate", "urgency", "grant"))
    asker = fields.get("asked_by")
    name = fields.need("id").word()
    services = fields.need("services")
    made = Scope(
        id=name,
        review=ReviewKind(fields.need("review").one_of(tuple(ReviewKind))),
        services=Services(),
        where=where(fields),
        period=period(fields),
        delegate=delegate.word() if delegate else "",
        asked_by=Asker(asker.one_of(tuple(Asker))) if asker else Asker.ORDERER,
        urgency=urgency.one_of(URGENCIES) if urgency else "standard",
        text=optional_text(fields.get("text")),
        citations=citations(fields, state),
        grant=criteria.grant(grant) if grant else None,
    )
    verified(fields, f"applies.{name}", state)
    fields.done()
    if (made.review is ReviewKind.DELEGATED) != bool(made.delegate):
        raise node.wrong("`review: delegated` and `delegate:` belong together")
    if made.review is ReviewKind.NOT_COVERED and not (made.citations and made.text):
        raise node.wrong("`review: not-covered` is a benefit fact: it needs `text:` and `cite:`")
    if services.fields is not None:
        return _listed_scopes(services, made, state)
    if services.text == "any":
        return [replace(made, services=Services(any=True))]
    return [replace(made, services=Services(code_set(services, "HCPCS", state.terms)))]


def _listed_scopes(node: Node, scope: Scope, state: FileState) -> list[Scope]:
    fields = Fields(node, "services from a public list")
    wanted, categories = fields.need("list"), fields.get("category")
    fields.done()
    rows = state.lists.get(wanted.word())
    if rows is None:
        known = ", ".join(sorted(state.lists)) or "none"
        raise wanted.wrong(f"no list {wanted.text!r} in policies/_lists (there: {known})")
    kept = set(categories.words()) if categories else None
    groups: dict[tuple[Period, frozenset[str], frozenset[str]], list[str]] = {}
    for row in rows:
        if kept is None or row.category in kept:
            groups.setdefault((row.period, row.states, row.beside), []).append(row.code)
    if not groups:
        raise node.wrong("no row of the list is meant by this")
    return [
        replace(
            scope,
            services=Services(from_rows(codes)),
            period=_both(scope.period, days),
            where=replace(
                scope.where,
                states=scope.where.states or states,
                accompanied_by=scope.where.accompanied_by or beside,
            ),
            listed=wanted.word(),
        )
        for (days, states, beside), codes in groups.items()
    ]


def _both(one: Period, other: Period) -> Period:
    starts = [day for day in (one.start, other.start) if day]
    ends = [day for day in (one.end, other.end) if day]
    return Period(max(starts, default=None), min(ends, default=None))


def _outcomes(node: Node) -> Outcomes:
    fields = Fields(node, "`outcomes:`")
    met, unmet, unknown = (fields.get(name) for name in ("met", "unmet", "unknown"))
    made = Outcomes(
        met.one_of(("approve", "clinician", "not-required", "not-covered")) if met else "approve",
        unmet.one_of(("clinician", "not-covered")) if unmet else "clinician",
        unknown.one_of(("ask", "clinician")) if unknown else "ask",
    )
    fields.done()
    return made


def _documents(node: Node | None) -> tuple[Document, ...]:
    made = []
    for item in node.listed() if node else ():
        fields = Fields(item, "a document")
        pwk, when = fields.get("pwk"), fields.get("when")
        made.append(
            Document(
                id=fields.need("id").word(),
                label=text(fields.need("label")),
                loinc=fields.need("loinc").word(),
                pwk=pwk.word() if pwk else "",
                when=when.one_of(("always", "asked", "later")) if when else "always",
            )
        )
        fields.done()
    return tuple(made)


def _tell(node: Node | None) -> Mapping[str, Text]:
    made = {}
    for name, sentence in node.mapped().items() if node else ():
        if name not in TOLD:
            raise sentence.wrong(f"`tell:` has no {name!r} (it may have {', '.join(TOLD)})")
        made[name] = text(sentence)
    return MappingProxyType(made)


def _refuse_gaps(version: Version, node: Node) -> None:
    judged = {ReviewKind.PRIOR_AUTHORIZATION, ReviewKind.CONCURRENT, ReviewKind.RECOMMENDED}
    has_criteria = version.criterion or version.pathways or version.outcomes.unknown == "clinician"
    if any(scope.review in judged for scope in version.scopes) and not has_criteria:
        raise node.wrong(
            "services are reviewed here, so `criteria:` or `pathways:` are needed "
            "(or `outcomes: {unknown: clinician}` if a person always decides)"
        )
    papers = {document.id for document in version.documents}
    for spec in version.facts.values():
        if spec.document and spec.document not in papers:
            raise node.wrong(
                f"{spec.name} names the document {spec.document!r}, which is not there"
            )
