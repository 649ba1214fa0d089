"""What the try-it page sends and shows: an example order for a demo patient, and the answer in words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson

from app import resources
from app.clock import Moment
from app.determine.explain import explain
from app.domain.guide import Guide
from app.errors import NotFound
from app.fhir.crd.pool import name_of
from app.fhir.read.values import extended, extensions, part, parts, text
from app.fhir.urls import ext
from app.flows.context import Context
from app.flows.demo import FILE
from app.sealed import sealed

Json = dict[str, Any]


@sealed(frozen=True, slots=True)
class DemoPatient:
    """A member of the demo payer as the EHR knows them."""

    id: str
    label: str
    patient: Json
    coverage: Json


@sealed(frozen=True, slots=True)
class InWords:
    """One order: what was said about it, and the findings behind it where it was granted."""

    order: str
    covered: str
    needed: str
    number: str
    assertion: str
    reasons: tuple[str, ...]
    forms: tuple[str, ...]
    why: tuple[str, ...]


@cache
def patients() -> dict[str, DemoPatient]:
    """The demo members with a coverage, by the id of their Patient."""
    lines = (resources.data("examples") / FILE).read_bytes().splitlines()
    rows: list[Json] = [orjson.loads(line) for line in lines if line]
    people = {each["id"]: each for each in rows if each["resourceType"] == "Patient"}
    found: dict[str, DemoPatient] = {}
    for row in rows:
        who = text(part(row, "beneficiary"), "reference").removeprefix("Patient/")
        if row["resourceType"] == "Coverage" and who in people and who not in found:
            found[who] = DemoPatient(who, _label(people[who], row), people[who], row)
    return found


@cache
def orders(guide: Guide) -> tuple[str, ...]:
    """The names of the example calls of a CRD version."""
    folder = resources.data("examples") / "crd" / guide.value
    return tuple(path.stem for path in sorted(folder.glob("*.json")))


def compose(guide: Guide, order: str, patient: str, moment: Moment) -> Json:
    """The exact call: an example with this patient and their coverage, "" for its own patient.

    Raises NotFound.
    """
    if order not in orders(guide) or (patient and patient not in patients()):
        raise NotFound("There is no such example order or demo patient.")
    path = resources.data("examples") / "crd" / guide.value / f"{order}.json"
    raw = path.read_bytes()
    before = text(part(orjson.loads(raw), "context"), "patientId")
    who = patient or before
    call: Json = orjson.loads(raw.replace(f"Patient/{before}".encode(), f"Patient/{who}".encode()))
    call["hookInstance"] = str(moment.new_uuid())
    if who != before:
        chosen, prefetch = patients()[who], call["prefetch"]
        call["context"]["patientId"] = who
        prefetch["patient"] = chosen.patient
        first = prefetch["coverage"]["entry"][0]
        prefetch["coverage"]["entry"] = [{**first, "resource": chosen.coverage}]
    return call


def in_words(context: Context, answer: Json) -> Iterator[InWords]:
    """What an answer says about each order, one line for each coverage-information."""
    for action in parts(answer, "systemActions"):
        resource = part(action, "resource")
        for said in extensions(resource, ext.COVERAGE_INFORMATION):
            number = str(extended(said, "satisfied-pa-id", "valueString") or "")
            yield InWords(
                order=name_of(resource),
                covered=str(extended(said, "covered", "valueCode") or ""),
                needed=str(extended(said, "pa-needed", "valueCode") or ""),
                number=number,
                assertion=str(extended(said, "coverage-assertion-id", "valueString") or ""),
                reasons=tuple(
                    text(part(each, "valueCodeableConcept"), "text")
                    for each in extensions(said, "reason")
                ),
                forms=tuple(
                    text(each, "valueCanonical") for each in extensions(said, "questionnaire")
                ),
                why=tuple(_why(context, number)) if number else (),
            )


def _why(context: Context, number: str) -> Iterator[str]:
    """The finding tree of the case that stands behind an authorization number."""
    with context.store.read(context.settings.tenant) as look:
        case = look.cases.by_number(number)
        stored = look.decisions.of(case.id) if case else ()
    for each in stored[-1:]:
        yield from explain(each.decision, "en")


def _label(patient: Json, coverage: Json) -> str:
    """Name, year of birth, plan."""
    name = next(iter(parts(patient, "name")), {})
    given = next(iter(name.get("given", [])), "")
    plan = next((text(each, "value") for each in parts(coverage, "class")), "")
    return f"{given} {text(name, 'family')}, {text(patient, 'birthDate')[:4]} ({plan})"
