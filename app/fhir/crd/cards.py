"""Cards beside the coverage information: what a person may want to read or choose.

CRD 2.2.1 and 2.0.1, card types External Reference, Instructions and Propose Alternate Request. No card
repeats what the system action says (resp-12), none leads to a portal (resp-17, resp-23), and a resource
about which nothing is new gets none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.domain.crd import Assertion, Covered, Hook, PriorAuth
from app.domain.guide import Guide
from app.domain.policy import Document, PolicySource
from app.domain.values import Text
from app.fhir.crd.extension import Frame, words
from app.fhir.crd.pool import name_of
from app.fhir.read.values import part, parts, text
from app.fhir.urls import crd, system

Json = dict[str, Any]

MOST_LINKS = 4
_SHORT = 139
_SOURCES: Text = {"en": "The texts that this answer rests on", "es": "Los textos de esta respuesta"}
_PAPERS: Text = {
    "en": "Papers to send with the request for authorization",
    "es": "Documentos que acompañan a la solicitud de autorización",
}
_INSTEAD: Text = {
    "en": "{code} can be had instead of what was ordered",
    "es": "Se puede obtener {code} en lugar de lo ordenado",
}
_REPLACE: Text = {"en": "Order {code} instead", "es": "Ordenar {code} en su lugar"}
_FOR: Text = {"en": "For {order}:", "es": "Para {order}:"}


@dataclass(frozen=True, slots=True)
class About:
    """What a card may draw on: a resource, what was said of it, and the policy that spoke."""

    resource: Json
    said: Sequence[Assertion]
    sources: Sequence[PolicySource]
    documents: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Desk:
    """Who sends the cards to whom: the insurer's name, the reader's frame, what is wanted."""

    insurer: str
    frame: Frame
    hook: Hook
    wants: Callable[[str], bool]
    most: int
    new_uuid: Callable[[], UUID]


def cards(about: Sequence[About], desk: Desk) -> list[Json]:
    """The cards, the most useful first, no more than the client wants."""
    found: list[Json] = []
    for kind, code in ((_alternate, ALTERNATE), (_papers, PAPERS), (_references, REFERENCES)):
        if desk.wants(code):
            for each in about:
                found += [_card(made, code, each, desk) for made in kind(each, desk)]
    return found[: desk.most]


ALTERNATE, PAPERS, REFERENCES = "therapy-alternatives-opt", "claim", "guideline"
"""The options that switch each type off, and the topics of its cards."""


def _card(made: Json, topic: str, about: About, desk: Desk) -> Json:
    """What all cards have."""
    resource = name_of(about.resource)
    where = crd.CARD_TYPE if desk.frame.guide is Guide.V22 else crd.TEMP
    associated = [{"reference": resource}] if desk.frame.guide is Guide.V22 else [resource]
    return {
        "uuid": str(desk.new_uuid()),
        "indicator": "info",
        "source": {"label": desk.insurer, "topic": {"system": where, "code": topic}},
        **made,
        "extension": {"davinci-crd.associated-resource": associated},
    }


def _references(about: About, desk: Desk) -> Iterator[Json]:
    """The public texts behind an answer that somebody has to act on."""
    if not any(_is_restrictive(each) for each in about.said):
        return
    links = [
        {"label": source.title[:_SHORT], "url": source.url, "type": "absolute"}
        for source in about.sources
        if source.url.startswith("https://")
    ]
    if links:
        yield {
            "summary": _short(_SOURCES, desk),
            "detail": _detail(about, desk, []),
            "links": links[:MOST_LINKS],
        }


def _papers(about: About, desk: Desk) -> Iterator[Json]:
    """Which papers a request for authorization needs, so that they are at hand."""
    needed = any(each.authorization is PriorAuth.NEEDED for each in about.said)
    if needed and about.documents:
        listed = [f"- {words(document.label, desk.frame)}" for document in about.documents]
        yield {"summary": _short(_PAPERS, desk), "detail": _detail(about, desk, listed)}


def _alternate(about: About, desk: Desk) -> Iterator[Json]:
    """The same order for a service that the policy offers instead."""
    if not desk.hook.orders:
        return
    for each in about.said:
        if each.alternative is None:
            continue
        code, why = each.alternative
        changed = _with_code(about.resource, code)
        if changed is not None:
            yield {
                "summary": _short(_INSTEAD, desk, code=code),
                "detail": _detail(about, desk, [words(why, desk.frame)]),
                "suggestions": [
                    {
                        "label": words(_REPLACE, desk.frame).format(code=code),
                        "uuid": str(desk.new_uuid()),
                        "actions": [
                            {
                                "type": "update",
                                "description": words(_REPLACE, desk.frame).format(code=code),
                                "resource": changed,
                            }
                        ],
                    }
                ],
                "selectionBehavior": "at-most-one",
            }


def _with_code(resource: Json, code: str) -> Json | None:
    """The order with another HCPCS code; None for orders whose code stands elsewhere."""
    for name in ("codeCodeableConcept", "code"):
        if part(resource, name):
            concept = {"coding": [{"system": system.HCPCS, "code": code}]}
            return {**resource, name: concept}
    return None


def _is_restrictive(said: Assertion) -> bool:
    return said.covered is Covered.NOT_COVERED or said.authorization is PriorAuth.NEEDED


def _short(said: Text, desk: Desk, **values: str) -> str:
    return words(said, desk.frame).format(**values)[:_SHORT]


def _detail(about: About, desk: Desk, lines: Sequence[str]) -> str:
    """Names the order in human words (dev-24), then the lines."""
    first = words(_FOR, desk.frame).format(order=_named(about.resource))
    titles = {words(each.policy_title, desk.frame) for each in about.said if each.policy_title}
    return "\n\n".join([f"{first} {', '.join(sorted(titles))}".strip(), *lines])


def _named(resource: Json) -> str:
    """What a person calls the order: its text, else its first code."""
    for name in ("codeCodeableConcept", "code", "medicationCodeableConcept"):
        concept = part(resource, name)
        if concept:
            coding = next(iter(parts(concept, "coding")), {})
            return text(concept, "text") or text(coding, "display") or text(coding, "code")
    return name_of(resource)
