"""The exact request of a step: an example with identifiers of its own and days that lie ahead.

The examples were written for one day (`WRITTEN`). On a later one all their days move with the
calendar, so that a finding is as fresh and a service as near as it was meant to be.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import orjson

from app import resources
from app.clock import Moment
from app.domain.guide import Guide
from app.fhir.read.values import extensions, part, parts, text
from app.fhir.urls import ext
from app.flows.sandbox.stories import Send, Step

Json = dict[str, Any]

WRITTEN: Final = date(2026, 11, 25)
_OLDEST: Final = date(2026, 6, 1)
"""Older days stay: dates of birth, and the days since when somebody is covered."""
_DAY: Final = re.compile(rb'(?<=")(20\d\d-\d\d-\d\d)(?=["T])')


def compose(step: Step, guide: Guide, moment: Moment, sent: Json | None = None) -> Json:
    """The request of a step; `sent` is what the step before sent, where this one asks about it."""
    path = resources.data("examples") / f"{step.examples[guide]}.json"
    body: Json = orjson.loads(_moved(path.read_bytes(), moment.now.date()))
    mark = moment.new_uuid().hex
    if step.send is Send.HOOK:
        body["hookInstance"] = str(moment.new_uuid())
        return body
    part(body, "identifier")["value"] = mark
    claim = _claim(body)
    if step.send is Send.INQUIRE:
        _ask_about(claim, _claim(sent) if sent else None)
    elif step.about_sent and sent is not None:
        _follow(body, sent)
        body = _readdressed(body, mark)
    else:
        _renumber(claim, mark[:8])
        body = _readdressed(body, mark)
        claim = _claim(body)
    if step.send is Send.PREDETERMINE:
        claim["use"] = "predetermination"
    for fault in step.spoil:
        _spoil(body, fault)
    return body


def _moved(raw: bytes, today: date) -> bytes:
    later = (today - WRITTEN).days
    if later <= 0:
        return raw

    def move(found: re.Match[bytes]) -> bytes:
        day = date.fromisoformat(found[1].decode())
        return found[1] if day < _OLDEST else str(day + timedelta(later)).encode()

    return _DAY.sub(move, raw)


def _claim(bundle: Json) -> Json:
    for entry in parts(bundle, "entry"):
        resource = part(entry, "resource")
        if resource.get("resourceType") == "Claim":
            return resource
    return {}


def _renumber(claim: Json, mark: str) -> None:
    """Numbers of its own for the request and each line: a later question finds this one alone."""
    for identifier in parts(claim, "identifier"):
        identifier["value"] = f"PE-{mark}"
    for trace in _traces(claim):
        trace["value"] = f"IT-{mark}-{text(trace, 'value').rpartition('-')[2]}"


def _readdressed(body: Json, mark: str) -> Json:
    """The bundle with an address of its own for its Claim, by which an update can name it."""
    old = text(parts(body, "entry")[0], "fullUrl")
    if old.startswith("urn:uuid:"):
        new = f"urn:uuid:{uuid.UUID(mark)}"
    else:
        name = f"claim-{mark}"
        _claim(body)["id"] = name
        new = f"{old.rpartition('/')[0]}/{name}"
    changed: Json = orjson.loads(orjson.dumps(body).replace(old.encode(), new.encode()))
    return changed


def _follow(body: Json, sent: Json) -> None:
    """Have an update name what was sent before, in place of the example's: address, trace numbers,
    and in 2.2 the earlier Claim that it carries."""
    before = next(e for e in parts(sent, "entry") if e["resource"]["resourceType"] == "Claim")
    claim = _claim(body)
    for related in parts(claim, "related"):
        part(related, "claim")["reference"] = before["fullUrl"]
    for entry in parts(body, "entry")[1:]:
        if entry["resource"]["resourceType"] == "Claim":
            entry |= before
    earlier = {item["sequence"]: item for item in parts(before["resource"], "item")}
    for item in parts(claim, "item"):
        old = next(_traces({"item": [earlier.get(item["sequence"], {})]}), None)
        for trace in _traces({"item": [item]}):
            trace |= old or {}


def _ask_about(claim: Json, sent: Json | None) -> None:
    """The trace number of the first line that was sent, in place of the example's."""
    told = next(_traces(sent), None) if sent else None
    for trace in _traces(claim) if told else ():
        trace |= told or {}


def _traces(claim: Json) -> Iterator[Json]:
    for item in parts(claim, "item"):
        for each in extensions(item, ext.ITEM_TRACE_NUMBER):
            yield part(each, "valueIdentifier")


def _spoil(body: Json, fault: str) -> None:
    act, pointer, *value = fault.split(" ", 2)
    *way, last = pointer.split("/")[1:]
    place: Any = body
    for name in way:
        place = place[int(name)] if isinstance(place, list) else place[name]
    if act == "remove":
        del place[last]
    else:
        place[last] = value[0]
