"""An assertion as coverage-information, exact for its version, and the resource that carries it.

CRD 2.2.1 and 2.0.1, extension ext-coverage-information. The versions are no supersets of each other:
a part or code that a version lacks is an error there. Two invariants contradict their text (2.2.1 q4,
2.0.1 q2); the expressions are kept by default, because HL7's engine holds resources against them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from app.domain.crd import (
    About,
    Assertion,
    Awaited,
    Because,
    Contact,
    Covered,
    Detail,
    Documentation,
    PriorAuth,
    Purpose,
    Said,
)
from app.domain.guide import Guide
from app.domain.values import Period, Quantity, Text
from app.fhir.crd.pool import local
from app.fhir.read.values import extended, extensions, part, parts, text
from app.fhir.urls import crd, ext
from app.fhir.write import json
from app.sealed import sealed

Json = dict[str, Any]

_OWN = frozenset({Because.RECOMMENDED, Because.REVIEW_MET, Because.POST_SERVICE})
_IN_22 = frozenset(
    {
        Because.GOLD_CARD,
        Because.NO_MEMBER,
        Because.NO_COVERAGE,
        Because.NOT_ACTIVE,
        Because.OUT_OF_NETWORK,
        Because.TECHNICAL,
    }
)
_IN_20 = frozenset({Because.GOLD_CARD, Because.DETAIL_CODE})
_DETAILS_20 = frozenset({About.QUANTITY, About.PERIOD, About.CLAIM_REVIEW})
_CATEGORIES = {
    About.QUANTITY: "cat-limitation",
    About.PERIOD: "cat-limitation",
    About.CLAIM_REVIEW: "cat-decisional",
    About.POLICY: "cat-other",
    About.INSTRUCTIONS: "cat-decisional",
}
_ABOUT_WORDS = {About.POLICY: "Policy", About.INSTRUCTIONS: "Instructions"}


@sealed(frozen=True, slots=True)
class Frame:
    """What stands around every assertion of an answer.

    `address` is the base of all our addresses, `literal` False sends codes as the guide's text means
    them where its expression says otherwise.
    """

    guide: Guide
    address: str
    day: date
    language: str
    literal: bool = True


def coverage_information(
    said: Assertion, frame: Frame, coverage: str, key: str, others: Mapping[int, str]
) -> Json:
    """One repetition. `coverage` is the client's reference, `key` the assertion id, `others` the
    references of the orders by line, for dependencies."""
    parts_ = _parts_22 if frame.guide is Guide.V22 else _parts_20
    return {
        "url": ext.COVERAGE_INFORMATION,
        "extension": [
            {"url": "coverage", "valueReference": {"reference": coverage}},
            *parts_(said, frame),
            *_shared(said, frame, others),
            {"url": "date", "valueDate": json.day(frame.day)},
            {"url": "coverage-assertion-id", "valueString": key},
            *_last(said, frame),
        ],
    }


def _code(url: str, value: str) -> Json:
    return {"url": url, "valueCode": str(value)}


def _parts_22(said: Assertion, frame: Frame) -> Iterator[Json]:
    yield _code("covered", said.covered)
    if said.authorization is not None:
        yield _code("pa-needed", said.authorization)
    for each in said.documentation:
        yield _code("doc-needed", each)
    for purpose in said.purposes:
        if purpose is not Purpose.WITH_AUTHORIZATION or not frame.literal:
            yield _code("doc-purpose", purpose)
    for awaited in said.awaited:
        yield _code("info-needed", awaited)


def _parts_20(said: Assertion, frame: Frame) -> Iterator[Json]:
    """2.0.1 cannot say `indeterminate`, wants pa-needed in all but a literal not-covered, and knows
    no documents of patients: the office asks them."""
    unknown = said.covered is Covered.INDETERMINATE
    yield _code("covered", Covered.CONDITIONAL if unknown else said.covered)
    authorization = said.authorization
    if authorization is PriorAuth.INDETERMINATE:
        authorization = PriorAuth.CONDITIONAL
    if authorization is None and frame.literal:
        authorization = PriorAuth.NO_AUTH
    if authorization is not None:
        yield _code("pa-needed", authorization)
    if said.documentation:
        clinical = Documentation.CLINICAL in said.documentation
        alone = len(said.documentation) == 1
        office = "both" if not alone else "clinical"
        yield _code("doc-needed", office if clinical else Documentation.ADMIN)
    for purpose in said.purposes:
        yield _code("doc-purpose", purpose)
    awaited = [Awaited.OTHER if a is Awaited.DETAIL_CODE else a for a in said.awaited]
    awaited += [Awaited.OTHER] if unknown else []
    for each in dict.fromkeys(awaited):
        yield _code("info-needed", each)


def _shared(said: Assertion, frame: Frame, others: Mapping[int, str]) -> Iterator[Json]:
    for coding in said.billing:
        yield {"url": "billingCode", "valueCoding": {"system": coding.system, "code": coding.code}}
    for reason in said.reasons:
        yield {"url": "reason", "valueCodeableConcept": _reason(reason, frame)}
    for detail in said.details:
        yield _detail(detail, frame)
    if frame.guide is Guide.V20 and any(r.because is Because.OUT_OF_NETWORK for r in said.reasons):
        yield _nested("auth-out-network-only", {"valueBoolean": True})
    for reference in dict.fromkeys(others[each] for each in said.dependencies if each in others):
        if frame.guide is Guide.V22 or not reference.startswith("VisionPrescription/"):
            yield {"url": "dependency", "valueReference": {"reference": reference}}
    if said.form is not None:
        yield {"url": "questionnaire", "valueCanonical": form_address(said.form, frame)}


def form_address(form: tuple[str, str], frame: Frame) -> str:
    """The canonical, with version, of the questionnaire of a policy."""
    policy, version = form
    return f"{frame.address}/fhir/{frame.guide.value}/Questionnaire/{policy}|{version}"


def _reason(reason: Said, frame: Frame) -> Json:
    known = _IN_22 if frame.guide is Guide.V22 else _IN_20
    concept: Json = {}
    if reason.because in known:
        concept["coding"] = [{"system": crd.TEMP, "code": reason.because.value}]
    elif reason.because in _OWN:
        concept["coding"] = [{"system": crd.REASON, "code": reason.because.value}]
    return concept | {"text": words(reason.text, frame)}


def _detail(detail: Detail, frame: Frame) -> Json:
    value = _value(detail, frame)
    qualified = (
        [{"url": "qualification", "valueString": words(detail.qualification, frame)}]
        if (detail.qualification)
        else []
    )
    if frame.guide is Guide.V22:
        made: list[Json] = [
            _code("category", _CATEGORIES[detail.about]),
            _detail_code(crd.DETAIL, detail.about),
        ]
    elif detail.about in _DETAILS_20:
        made = [_detail_code(crd.TEMP, detail.about)]
    else:
        made = [{"url": "code", "valueCodeableConcept": {"text": _ABOUT_WORDS[detail.about]}}]
    return {"url": "detail", "extension": [*made, {"url": "value", **value}, *qualified]}


def _nested(code: str, value: Json) -> Json:
    coded = {"url": "code", "valueCodeableConcept": json.coded(crd.TEMP, code)}
    return {"url": "detail", "extension": [coded, {"url": "value", **value}]}


def _detail_code(where: str, about: About) -> Json:
    return {"url": "code", "valueCodeableConcept": json.coded(where, about.value)}


def _value(detail: Detail, frame: Frame) -> Json:
    value = detail.value
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, Quantity):
        return {"valueQuantity": json.quantity(value)}
    if isinstance(value, Period):
        return {"valuePeriod": json.period(value)}
    if detail.about is About.POLICY:
        kind = "valueUrl" if frame.guide is Guide.V22 else "valueString"
        return {kind: f"{frame.address}{value}"}
    return {"valueString": words(value, frame) if isinstance(value, dict) else value}


def _last(said: Assertion, frame: Frame) -> Iterator[Json]:
    if said.number:
        yield {"url": "satisfied-pa-id", "valueString": said.number}
    if said.contact is not None:
        yield from _contact(said.contact, frame)
    if said.expires is not None and frame.guide is Guide.V22:
        yield {"url": "expiry-date", "valueDate": json.day(said.expires)}


def _contact(contact: Contact, frame: Frame) -> Iterator[Json]:
    points = [("phone", contact.phone), ("url", contact.url)]
    telecom = [{"system": kind, "value": value} for kind, value in points if value]
    if frame.guide is Guide.V22:
        detail: Json = {"name": contact.name}
        yield {
            "url": "contact",
            "valueContactDetail": detail | ({"telecom": telecom} if telecom else {}),
        }
        return
    for point in telecom:
        yield {"url": "contact", "valueContactPoint": point}


def words(said: Text | None, frame: Frame) -> str:
    """A text in the reader's language, else in English."""
    return (said or {}).get(frame.language) or (said or {}).get("en", "")


def on_secondary(said: Assertion) -> Assertion:
    """The same for a secondary hook, where nobody may be asked for documents (hook-19)."""
    return replace(said, documentation=(), purposes=(), form=None)


def is_alike(one: Assertion, other: Assertion) -> bool:
    """Whether two assertions say the same but for their billing codes."""
    return _plain(one) == _plain(other)


def _plain(said: Assertion) -> Assertion:
    return replace(said, billing=(), companions=())


def joined(one: Assertion, other: Assertion) -> Assertion:
    """One assertion for the billing codes of both, with what is proposed beside either."""
    more = [each for each in other.companions if each not in one.companions]
    return replace(
        one,
        billing=tuple(dict.fromkeys((*one.billing, *other.billing))),
        companions=(*one.companions, *more),
    )


def without_ours(resource: Json) -> Json:
    """The resource without any coverage-information."""
    listed = resource.get("extension")
    if not isinstance(listed, list):
        return resource
    kept = [
        each
        for each in listed
        if not (isinstance(each, dict) and each.get("url") == ext.COVERAGE_INFORMATION)
    ]
    bare = {name: value for name, value in resource.items() if name != "extension"}
    return {**bare, "extension": kept} if kept else bare


def told_before(resource: Json, coverage: str) -> list[Json]:
    """The repetitions on a resource that speak of this coverage: what the client already knows."""
    return [
        each
        for each in extensions(resource, ext.COVERAGE_INFORMATION)
        if local(_coverage_of(each)) == local(coverage)
    ]


def _coverage_of(told: Json) -> str:
    for each in parts(told, "extension"):
        if each.get("url") == "coverage":
            return text(part(each, "valueReference"), "reference")
    return ""


def key_of(told: Sequence[Json]) -> str:
    """The assertion id that earlier repetitions carry, or ""."""
    for each in told:
        key = extended(each, "coverage-assertion-id", "valueString")
        if isinstance(key, str) and key:
            return key
    return ""


def is_news(before: Sequence[Json], now: Sequence[Json]) -> bool:
    """Whether the client learns anything: the day of an assertion alone is none (resp-35)."""
    return [_bare(each) for each in before] != [_bare(each) for each in now]


def _bare(told: Json) -> list[Json]:
    skipped = ("date",)
    return [each for each in parts(told, "extension") if each.get("url") not in skipped]


def carrying(resource: Json, coverage: str, told: Sequence[Json]) -> Json:
    """The resource as received, with the repetitions of this coverage replaced by `told`."""
    old = {id(each) for each in told_before(resource, coverage)}
    listed = resource.get("extension")
    listed = listed if isinstance(listed, list) else []
    place = next((n for n, each in enumerate(listed) if id(each) in old), len(listed))
    before = [each for each in listed[:place] if id(each) not in old]
    after = [each for each in listed[place:] if id(each) not in old]
    return {**resource, "extension": [*before, *told, *after]}
