"""A payer's own resources (Patient, Coverage, Organization, ExplanationOfBenefit) as entries of a file.

The checks are those that eligibility needs, each with a sentence for the payer's operator; whether a
resource keeps all rules of FHIR is `app.fhir.validate`'s affair. Two things have no place of their
own in these resources and get ours (docs/members.md): what is used of a limit, an extension on
Coverage, and marks of the member, `Patient.meta.tag`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from app.domain.coverage import Used
from app.domain.roster import CoverageEntry, Entry, PayerEntry, PersonEntry, Placed, Unusable
from app.domain.values import Identifier, Period
from app.fhir.paid import read_paid
from app.fhir.read.values import (
    Nodes,
    day,
    extensions,
    first_code,
    identifiers,
    number,
    part,
    parts,
    text,
    whole,
)
from app.fhir.urls import own

TYPES = ("Organization", "Patient", "Coverage")

_MEMBER_NUMBER = "MB"
_PAYERS = frozenset({"pay", "ins"})
_SELF = frozenset({"self", "18"})
_GENDERS = frozenset({"", "male", "female", "other", "unknown"})
_STATUS = frozenset({"active", "cancelled", "entered-in-error"})
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?=T|\Z)")


def entry_of(resource: Mapping[str, Any], line: int, full_url: str = "") -> Placed | None:
    """The entry that a resource is, None for one that is no member data; Unusable with the reason."""
    kind = text(resource, "resourceType")
    if kind == "Organization":
        return _placed(_payer(resource), line, full_url) if _pays(resource) else None
    if kind == "Patient":
        return _placed(_person(resource), line, full_url)
    if kind == "Coverage":
        return _placed(_coverage(resource), line, full_url)
    if kind == "ExplanationOfBenefit":
        person = _reference(resource.get("patient"))
        paid = read_paid(resource, _ref("ExplanationOfBenefit", resource), person)
        return Placed(paid, line) if paid else None
    if not kind:
        raise Unusable("resourceType is missing")
    return None


def _placed(entry: Entry, line: int, full_url: str) -> Placed:
    names = {full_url, _local(full_url)} - {"", entry.ref}
    return Placed(entry, line, tuple(sorted(names)))


def _pays(organization: Mapping[str, Any]) -> bool:
    """An organization without a type counts: a member file has no other reason to hold it."""
    types = {first_code(kind) for kind in parts(organization, "type")} - {""}
    return not types or bool(types & _PAYERS)


def _payer(resource: Mapping[str, Any]) -> PayerEntry:
    found = identifiers(resource)
    if not found:
        raise Unusable("Organization.identifier is missing: nothing could name this payer")
    return PayerEntry(_ref("Organization", resource), text(resource, "name"), found)


def _person(resource: Mapping[str, Any]) -> PersonEntry:
    name = _official(parts(resource, "name"))
    family = text(name, "family").strip()
    if not family:
        raise Unusable("Patient.name.family is missing")
    gender = text(resource, "gender")
    if gender not in _GENDERS:
        raise Unusable("Patient.gender must be male, female, other or unknown")
    given = name.get("given")
    tags = [each for each in parts(part(resource, "meta"), "tag") if each.get("system") == own.TAG]
    return PersonEntry(
        ref=_ref("Patient", resource),
        family=family,
        given=" ".join(str(each) for each in given) if isinstance(given, list) else "",
        birth_date=_birth_date(resource),
        gender=gender,
        language=_language(resource),
        state=next((text(a, "state") for a in parts(resource, "address") if a.get("state")), ""),
        tags=tuple(sorted({text(tag, "code") for tag in tags} - {""})),
        numbers=tuple(i for i in identifiers(resource) if i.kind == _MEMBER_NUMBER),
    )


def _birth_date(resource: Mapping[str, Any]) -> date:
    born = _day(resource.get("birthDate"), "Patient.birthDate")
    if born is None:
        raise Unusable("Patient.birthDate is missing")
    return born


def _official(names: Nodes) -> Mapping[str, Any]:
    for use in ("official", "usual", None):
        for name in names:
            if name.get("use") == use:
                return name
    return names[0] if names else {}


def _language(resource: Mapping[str, Any]) -> str:
    spoken = parts(resource, "communication")
    for each in [*[one for one in spoken if one.get("preferred") is True], *spoken]:
        code = first_code(each.get("language"))
        if code:
            return code.partition("-")[0].lower()
    return ""


def _coverage(resource: Mapping[str, Any]) -> CoverageEntry:
    status = text(resource, "status")
    if status not in _STATUS:
        raise Unusable("Coverage.status must be active, cancelled or entered-in-error")
    ref = _ref("Coverage", resource)
    if status == "entered-in-error":
        return CoverageEntry(ref, "", "", Period(), withdrawn=True)
    beneficiary = _reference(resource.get("beneficiary"))
    if not beneficiary:
        raise Unusable("Coverage.beneficiary.reference is missing")
    plan = _class(resource, "plan")
    if not plan:
        raise Unusable("Coverage.class of type plan is missing: its value is the id of the plan")
    period = _period(part(resource, "period"))
    if status == "cancelled" and period.end is None:
        raise Unusable("Coverage.period.end is missing: a cancelled coverage ended on some day")
    own_numbers = tuple(i for i in identifiers(resource) if i.kind == _MEMBER_NUMBER)
    subscriber_id = text(resource, "subscriberId").strip()
    dependent = _dependent(resource, beneficiary)
    if not dependent and not own_numbers and subscriber_id:
        own_numbers = (Identifier("", subscriber_id, _MEMBER_NUMBER),)
    payors = [_reference(each) for each in parts(resource, "payor")]
    return CoverageEntry(
        ref=ref,
        person=beneficiary,
        plan=plan,
        period=period,
        payer=payors[0] if payors else "",
        member_id=own_numbers[0].value if own_numbers else "",
        numbers=own_numbers,
        subscriber_id=subscriber_id,
        dependent=dependent,
        group=_class(resource, "group"),
        order=max(0, whole(resource.get("order")) or 0),
        used=_used(resource),
    )


def _dependent(resource: Mapping[str, Any], beneficiary: str) -> bool:
    """Said by the relationship, else by a subscriber who is somebody else."""
    codes = {text(coding, "code") for coding in parts(part(resource, "relationship"), "coding")}
    if codes:
        return not codes & _SELF
    return _reference(resource.get("subscriber")) not in ("", beneficiary)


def _class(resource: Mapping[str, Any], kind: str) -> str:
    for each in parts(resource, "class"):
        if first_code(each.get("type")) == kind:
            return text(each, "value").strip()
    return ""


def _period(node: Mapping[str, Any]) -> Period:
    start, end = (_day(node.get(side), f"Coverage.period.{side}") for side in ("start", "end"))
    if start and end and start > end:
        raise Unusable("Coverage.period ends before it starts")
    return Period(start, end)


def _used(resource: Mapping[str, Any]) -> tuple[Used, ...]:
    found = []
    for each in extensions(resource, own.BENEFIT_USED):
        values = {text(child, "url"): child for child in parts(each, "extension")}
        limit = text(values.get("limit", {}), "valueString")
        amount = number(values.get("amount", {}).get("valueDecimal"))
        year = whole(values.get("year", {}).get("valueInteger"))
        if not limit or amount is None or amount < 0 or year is None:
            raise Unusable(
                "Coverage.extension benefit-used needs limit (valueString), amount (valueDecimal,"
                " not negative) and year (valueInteger)"
            )
        found.append(Used(limit, amount, year))
    return tuple(found)


def _day(value: Any, element: str) -> date | None:
    """A whole calendar day; the day of a dateTime as it was written."""
    if value is None:
        return None
    found = _DAY.match(value) if isinstance(value, str) else None
    read = day(found[0]) if found else None
    if read is None:
        raise Unusable(f"{element} must be a day such as 2026-01-31")
    return read


def _ref(kind: str, resource: Mapping[str, Any]) -> str:
    """The payer's key: the id, else the first identifier."""
    id_ = text(resource, "id")
    if _ID.match(id_):
        return f"{kind}/{id_}"
    for each in identifiers(resource):
        return f"{kind}?identifier={each.system}|{each.value}"
    raise Unusable(f"{kind}.id is missing or has signs that an id cannot have")


def _reference(node: Any) -> str:
    return _local(text(node, "reference")) if isinstance(node, dict) else ""


def _local(address: str) -> str:
    """`Patient/7` for any address of that resource; a `urn:uuid:` stays as it is."""
    ends = address.split("/_history/")[0].split("/")
    return "/".join(ends[-2:]) if len(ends) > 1 and ends[-2] in TYPES else address
