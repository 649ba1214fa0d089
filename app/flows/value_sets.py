"""The public lists as ValueSets: one for each list, and one for each list under each plan.

FHIR R4 4.9: read, search by url, `$expand`, `$validate-code`. Anybody may ask, so no caller is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from app.domain.guide import Guide
from app.errors import Malformed, NotFound
from app.fhir import valueset
from app.fhir.valueset import Named
from app.flows.context import Context
from app.flows.policy_lists import KINDS, PublicList, public_list
from app.sealed import sealed

MOST = 1_000
"""Codes in one page of an expansion, also when more are asked for."""

_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@sealed(frozen=True, slots=True)
class Asked:
    """What a caller wrote, as text; empty is not written. `id` comes from the address."""

    id: str = ""
    url: str = ""
    date: str = ""
    offset: str = ""
    count: str = ""
    filter: str = ""
    system: str = ""
    code: str = ""


def read_value_set(context: Context, name: str) -> bytes:
    """The definition of one list today. Raises NotFound."""
    return orjson.dumps(_definition(context, name))


def search(context: Context, url: str, guide: Guide) -> bytes:
    """A Bundle of the ValueSet with this canonical, or of all when none is named."""
    names = [name for name in _ids(context) if not url or _url(context, name) == _bare(url)]
    found = [_definition(context, name) for name in names]
    return orjson.dumps(valueset.searchset(found, context.base(guide)))


def expand(context: Context, asked: Asked) -> bytes:
    """A page of the expansion on a day. Raises NotFound, Malformed."""
    name, plain = _of(context, asked)
    count = min(_number(asked.count, "count", MOST), MOST)
    offset = _number(asked.offset, "offset", 0)
    named = _named(context, name, plain)
    at = context.moment().now
    return orjson.dumps(valueset.expansion(named, plain.lines, at, offset, count, asked.filter))


def validate_code(context: Context, asked: Asked) -> bytes:
    """Parameters that say whether a code is on the list on a day. Raises NotFound, Malformed."""
    name, plain = _of(context, asked)
    if not asked.code or not asked.system:
        raise Malformed("$validate-code needs a code and its system.", at="code")
    short = context.rulebook.terms.systems.get(asked.system, asked.system)
    found = [line for line in plain.lines if (line.system, line.code) == (short, asked.code)]
    named = _named(context, name, plain)
    return orjson.dumps(valueset.validated(named, found, context.settings.address))


def asked_in(document: dict[str, Any], asked: Asked) -> Asked:
    """What a Parameters body asks for besides the address. Raises Malformed."""
    if document.get("resourceType") != "Parameters":
        raise Malformed("The body must be Parameters.", at="resourceType")
    listed = document.get("parameter")
    for part in listed if isinstance(listed, list) else []:
        if isinstance(part, dict):
            asked = replace(asked, **dict(_written(part)))
    return asked


def _written(part: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that one parameter fills; a coding, or the first of a concept, fills two."""
    name = part.get("name")
    if name == "codeableConcept":
        concept = part.get("valueCodeableConcept")
        coding = concept.get("coding") if isinstance(concept, dict) else None
        part = {"valueCoding": coding[0] if isinstance(coding, list) and coding else None}
        name = "coding"
    if name == "coding":
        coding = part.get("valueCoding")
        for field in ("system", "code"):
            value = coding.get(field) if isinstance(coding, dict) else None
            if isinstance(value, str):
                yield field, value
    elif name in ("url", "date", "offset", "count", "filter", "system", "code"):
        value = next((value for key, value in part.items() if key.startswith("value")), None)
        if isinstance(value, str | int):
            yield name, str(value)


def _ids(context: Context) -> Iterator[str]:
    for kind in KINDS:
        yield kind
        for plan in sorted(context.rulebook.plans):
            if _FHIR_ID.fullmatch(f"{kind}.{plan}"):
                yield f"{kind}.{plan}"


def _url(context: Context, name: str) -> str:
    return f"{context.settings.namespace}/ValueSet/{name}"


def _bare(url: str) -> str:
    return url.partition("|")[0]


def _of(context: Context, asked: Asked) -> tuple[str, PublicList]:
    if not asked.id and not asked.url:
        raise Malformed(
            "Name the value set: by `url`, or by ValueSet/{id} in the address.", at="url"
        )
    for name in _ids(context):
        if name == asked.id or (not asked.id and _url(context, name) == _bare(asked.url)):
            kind, _, plan = name.partition(".")
            return name, public_list(context, kind, asked.date[:10], plan)
    raise NotFound("There is no such value set; GET ValueSet lists them.")


def _definition(context: Context, name: str) -> dict[str, Any]:
    _, plain = _of(context, Asked(id=name))
    return valueset.value_set(_named(context, name, plain), plain.lines)


def _named(context: Context, name: str, plain: PublicList) -> Named:
    plan = f" ({plain.plan.name})" if plain.plan else ""
    return Named(
        id=name,
        url=_url(context, name),
        title={language: f"{words}{plan}" for language, words in plain.kind.title.items()},
        about=plain.kind.about,
        version=plain.rulebook[:16],
        day=plain.day,
        owner=next(iter({each.payer for each in context.rulebook.plans.values()}), ""),
    )


def _number(written: str, name: str, otherwise: int) -> int:
    if not written:
        return otherwise
    if not _NUMBER.fullmatch(written):
        raise Malformed(f"{name} must be a whole number.", at=name)
    return int(written)
