"""One card: what a kind of card says about an order, and what all cards have in common.

CDS Hooks 2.0 and 3.0 with CRD 2.0.1 and 2.2.1: an id for feedback, the insurer's name, a topic, the
resources that it is about in words (dev-24) and for machines (dev-25).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from enum import IntEnum
from typing import Any
from uuid import UUID

from app.domain.crd import Assertion, Covered, Hook, PriorAuth
from app.domain.guide import Guide
from app.domain.policy import Companion, Document, PayerApp, PolicySource
from app.domain.values import Text
from app.fhir.crd.extension import Frame, words
from app.fhir.crd.pool import name_of
from app.fhir.read.values import part, parts, text
from app.fhir.urls import crd
from app.sealed import sealed

Json = dict[str, Any]

_SHORT = 139
_FOR: Text = {"en": "For {orders}:", "es": "Para {orders}:"}
_ASKED = (PriorAuth.NEEDED, PriorAuth.PERFORMER)
_CODED = ("codeCodeableConcept", "code", "medicationCodeableConcept")


@sealed(frozen=True, slots=True)
class Correction:
    """The Coverage as the plan knows it, and what of it is new, in sentences."""

    resource: Json
    news: tuple[Text, ...]


@sealed(frozen=True, slots=True)
class Form:
    """The form of a policy version. `address` is its canonical, with the version unless that is in
    force; `resource` the Questionnaire, None where the client has it already."""

    address: str
    resource: Json | None


@sealed(frozen=True, slots=True)
class About:
    """What a card may draw on: a resource, what was said of it, and the policy that spoke.

    `companions` are the orders to propose besides which nobody has ordered yet, `correction` what the
    plan knows better where the resource is the coverage, `forms` what a client without DTR fills in,
    `apps` the SMART apps of the policy.
    """

    resource: Json
    said: Sequence[Assertion]
    sources: Sequence[PolicySource]
    documents: Sequence[Document]
    companions: Sequence[Companion] = ()
    correction: Correction | None = None
    forms: Sequence[Form] = ()
    apps: Sequence[PayerApp] = ()

    @property
    def needs_authorization(self) -> bool:
        """Whether a request has to be sent for some of it."""
        return any(each.authorization in _ASKED for each in self.said)


@sealed(frozen=True, slots=True)
class Desk:
    """Who sends the cards to whom: the insurer's name, the reader's frame, what is wanted.

    `user`, `patient`, `encounter` and `coverage` are `Type/id`, "" when the hook does not say; `payer` is the
    Reference by which the client knows the insurer.
    """

    insurer: str
    frame: Frame
    hook: Hook
    wants: Callable[[str], bool]
    most: int
    new_uuid: Callable[[], UUID]
    user: str
    patient: str
    encounter: str
    coverage: str
    payer: Json

    def suggesting(self, label: str, *actions: Json) -> Json:
        """The members of a card with one suggestion of these actions, which belong together."""
        suggestion = {"label": label, "uuid": str(self.new_uuid()), "actions": list(actions)}
        return {"suggestions": [suggestion], "selectionBehavior": "at-most-one"}


@sealed(frozen=True, slots=True)
class Content:
    """What one kind of card says. `lines` stand in the detail below the names of the orders.

    `option` must be on besides the option of the topic. `rest` are further members of the card (links, suggestions). Contents of several orders with the
    same `alike` become one card; an empty one stays alone.
    """

    topic: str
    summary: str
    lines: tuple[str, ...] = ()
    rest: Json = field(default_factory=dict)
    indicator: str = "info"
    alike: str = ""
    option: str = ""


class Urgency(IntEnum):
    """How much an order needs somebody's hand; cards about the most urgent come first."""

    NOT_COVERED = 0
    AUTHORIZATION = 1
    DEPENDS = 2
    NOTHING = 3


def urgency(about: About) -> Urgency:
    """The most urgent of what was said about an order."""
    return min((_urgency(each) for each in about.said), default=Urgency.NOTHING)


def _urgency(said: Assertion) -> Urgency:
    if said.covered is Covered.NOT_COVERED:
        return Urgency.NOT_COVERED
    if said.authorization in _ASKED:
        return Urgency.AUTHORIZATION
    if said.covered is Covered.COVERED and said.authorization is not PriorAuth.CONDITIONAL:
        return Urgency.NOTHING
    return Urgency.DEPENDS


def card(content: Content, about: Sequence[About], desk: Desk) -> Json:
    """The card of a content that holds for all of these orders."""
    names = [name_of(each.resource) for each in about]
    newer = desk.frame.guide is Guide.V22
    topic = {"system": crd.CARD_TYPE if newer else crd.TEMP, "code": content.topic}
    return {
        "uuid": str(desk.new_uuid()),
        "summary": content.summary[:_SHORT],
        "detail": _detail(content, about, desk),
        "indicator": content.indicator,
        "source": {"label": desk.insurer, "topic": topic},
        **content.rest,
        "extension": {
            "davinci-crd.associated-resource": [
                {"reference": name} if newer else name for name in names
            ]
        },
    }


def _detail(content: Content, about: Sequence[About], desk: Desk) -> str:
    orders = ", ".join(dict.fromkeys(called(each.resource) for each in about))
    titles = {
        words(said.policy_title, desk.frame)
        for each in about
        for said in each.said
        if said.policy_title
    }
    first = f"{words(_FOR, desk.frame).format(orders=orders)} {', '.join(sorted(titles))}"
    return "\n\n".join([first.strip(), *content.lines])


def called(resource: Json) -> str:
    """What a person calls the order: its text, else its first code."""
    for name in _CODED:
        concept = part(resource, name)
        if concept:
            coding = next(iter(parts(concept, "coding")), {})
            return text(concept, "text") or text(coding, "display") or text(coding, "code")
    return name_of(resource)
