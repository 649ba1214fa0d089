"""What is recorded of a hook call for its metric; `app.fhir.crd.metric_model` writes it out.

Made from what was asked and answered alone. It holds codes, numbers of providers and ids that tie it
to the logs (assertion, authorization); no name, no birth date and no member of anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.domain.crd import Hook
from app.domain.ehr import Fetched, Fetching, Missing, NotFetched
from app.errors import Issue
from app.fhir.bundle import entries
from app.fhir.crd.pool import local, name_of
from app.fhir.crd.targets import ORDERS
from app.fhir.read.values import extensions, part, parts, text
from app.fhir.urls import ext, system
from app.sealed import sealed

Json = dict[str, Any]
_REJECTED = (401, 403)
_ASKED_ABOUT = frozenset({*ORDERS, "Appointment", "Encounter"})
_CODED = ("code", "codeCodeableConcept", "medicationCodeableConcept", "serviceType")
"""Where the types of the guide say what is ordered."""

_ONE = {
    "covered": "covered",
    "pa-needed": "paNeeded",
    "coverage-assertion-id": "assertionId",
    "satisfied-pa-id": "satisfiedId",
}
_MANY = {
    "doc-needed": "docNeeded",
    "info-needed": "infoNeeded",
    "questionnaire": "questionnaire",
}
"""Parts of coverage-information, and what they are called in the record."""


@sealed(frozen=True, slots=True)
class Exchange:
    """One call as it went: the document (empty when it was not JSON), what the EHR was asked, what
    was answered (empty for a refusal) and why it was refused. `client` is who called, `line` the
    member's line of business."""

    hook: Hook
    document: Json
    fetched: Mapping[str, Fetching]
    answer: Json
    status: int
    issues: Sequence[Issue]
    began: datetime
    ended: datetime
    payer: str
    client: str
    line: str


def metric(exchange: Exchange) -> Json:
    """The record. What is not known is left out."""
    document = exchange.document
    sent, read = list(_sent(document)), list(_read(exchange.fetched))
    provider, group = _people(text(part(document, "context"), "userId"), [*sent, *read])
    record = {
        "source": "payer-src",
        "hookInstance": text(document, "hookInstance"),
        "hookType": exchange.hook.value,
        "providerId": provider,
        "user": text(part(document, "context"), "userId"),
        "groupId": group,
        "client": exchange.client,
        "businessLine": exchange.line,
        "payerId": exchange.payer,
        "requestTime": exchange.began.isoformat(),
        "responseTime": exchange.ended.isoformat(),
        "httpResponse": exchange.status,
        "issue": [{"code": each.kind, "details": each.code} for each in exchange.issues],
        "tokenUse": _token_use(exchange.fetched),
        "resources": [*_counted(sent, prefetch=True), *_counted(read, prefetch=False)],
        "request": list(_requests(exchange)),
        "cards": [_card(card) for card in parts(exchange.answer, "cards")],
    }
    return {name: value for name, value in record.items() if value not in ("", [])}


def _requests(exchange: Exchange) -> Iterator[Json]:
    """The orders that were answered, then those that were sent along and got no answer."""
    answered: set[str] = set()
    for action in parts(exchange.answer, "systemActions"):
        resource = part(action, "resource")
        if text(resource, "resourceType") in _ASKED_ABOUT:
            answered.add(name_of(resource))
            yield _told(resource)
    context = part(exchange.document, "context")
    for element in ("draftOrders", "appointments"):
        for _, _, resource in entries(part(context, element)):
            if name_of(resource) not in answered:
                told = _told({**resource, "extension": []})
                yield {name: value for name, value in told.items() if name != "response"}


def names(record: Json, document: Json) -> Iterator[str]:
    """Under which names the call is found: orders, assertion ids, authorization numbers, instance."""
    yield text(record, "hookInstance")
    for asked in parts(record, "request"):
        yield text(asked, "focus")
        for said in parts(asked, "coverageInfo"):
            yield text(said, "assertionId")
            yield text(said, "satisfiedId")
    context = part(document, "context")
    for element in ("draftOrders", "appointments"):
        for _, _, resource in entries(part(context, element)):
            yield name_of(resource)
    for element in ("dispatchedOrders", "dispatched-orders", "selections"):
        listed = context.get(element)
        if isinstance(listed, list):
            yield from (local(each) for each in listed if isinstance(each, str))
    if "order" in context:
        yield local(text(context, "order"))


def _sent(document: Json) -> Iterator[Json]:
    for value in part(document, "prefetch").values():
        if isinstance(value, dict):
            if text(value, "resourceType") == "Bundle":
                yield from (resource for _, _, resource in entries(value))
            else:
                yield value


def _read(fetched: Mapping[str, Fetching]) -> Iterator[Json]:
    for each in fetched.values():
        if isinstance(each, Fetched):
            yield from (dict(resource) for resource in (*each.resources, *each.included))


def _counted(resources: Iterable[Json], *, prefetch: bool) -> list[Json]:
    found = Counter([text(each, "resourceType") for each in resources])
    return [
        {"type": kind, "count": count, "prefetch": prefetch}
        for kind, count in sorted(found.items())
    ]


def _token_use(fetched: Mapping[str, Fetching]) -> str:
    if any(isinstance(each, Fetched) for each in fetched.values()):
        return "used"
    asked = [each for each in fetched.values() if isinstance(each, NotFetched)]
    if any(each.why is Missing.REFUSED and each.status in _REJECTED for each in asked):
        return "rejected"
    return "not-used"


def _people(user: str, resources: Sequence[Json]) -> tuple[str, str]:
    """The NPI of who sits before the screen, and of the organization of that role."""
    by_name = {name_of(each): each for each in resources}
    person = by_name.get(local(user), {})
    group = ""
    if text(person, "resourceType") == "PractitionerRole":
        group = _npi(by_name.get(local(text(part(person, "organization"), "reference")), {}))
        person = by_name.get(local(text(part(person, "practitioner"), "reference")), {})
    return _npi(person), group


def _npi(resource: Json) -> str:
    for identifier in parts(resource, "identifier"):
        if text(identifier, "system") == system.NPI:
            return text(identifier, "value")
    return ""


def _told(resource: Json) -> Json:
    """One order that was answered: its code, and each coverage-information as it was sent. Or the
    coverage whose record was corrected."""
    said = [_said(each) for each in extensions(resource, ext.COVERAGE_INFORMATION)]
    said_of_coverage = text(resource, "resourceType") == "Coverage"
    told: Json = {
        "type": text(resource, "resourceType"),
        "focus": name_of(resource),
        "orderDetail": _code(resource),
        "response": "insurance" if said_of_coverage else "coverage-info",
        "coverageInfo": said,
    }
    return {name: value for name, value in told.items() if value not in ("", [], {})}


def _said(extension: Json) -> Json:
    found: Json = {}
    for each in parts(extension, "extension"):
        url = each.get("url")
        if url in _ONE:
            found.setdefault(_ONE[url], _value(each))
        elif url in _MANY:
            value = _value(each)
            told = {"reference": value} if url == "questionnaire" else value
            found.setdefault(_MANY[url], []).append(told)
    return found


def _code(resource: Json) -> str:
    """`system|code` of the first coding."""
    for element in _CODED:
        value = resource.get(element)
        for concept in value if isinstance(value, list) else (value,) if value else ():
            for coding in parts(concept, "coding") if isinstance(concept, dict) else ():
                return f"{text(coding, 'system')}|{text(coding, 'code')}"
    return ""


def _value(extension: Json) -> Any:
    for name, value in extension.items():
        if name.startswith("value"):
            return value
    return ""


def _card(card: Json) -> Json:
    """The type of a card, the id by which feedback names it, and the orders that it is about."""
    topic = part(part(card, "source"), "topic")
    listed = part(card, "extension").get("davinci-crd.associated-resource")
    about = [
        each if isinstance(each, str) else text(each, "reference")
        for each in (listed if isinstance(listed, list) else ())
    ]
    return {"response": text(topic, "code"), "uuid": text(card, "uuid"), "about": about}
