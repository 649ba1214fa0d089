"""A task that asks to complete a form (Request Form Completion), for clients without DTR.

CRD 2.2.1 and 2.0.1, profile taskquestionnaire. Only a client that says by the option `form-tasks` that it
has no DTR gets one (resp-59). The form itself is created along with it where the client has no copy
(dev-19, dev-20).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.domain.guide import Guide
from app.domain.values import Text
from app.fhir.crd.card import About, Content, Desk, Form
from app.fhir.crd.extension import words
from app.fhir.crd.pool import name_of
from app.fhir.read.values import part, parts, text
from app.fhir.urls import crd, dtr, sdc
from app.fhir.write import json

Json = dict[str, Any]

OPTION = "form-tasks"
_SUMMARY: Text = {
    "en": "A form asks what is missing for the authorization",
    "es": "Un formulario pregunta lo que falta para la autorización",
}
_LABEL: Text = {"en": "Make a task of the form", "es": "Crear una tarea para el formulario"}
_FORM: Text = {"en": "Keep the form {name}", "es": "Guardar el formulario {name}"}
_WHY: Text = {"en": "Prior authorization", "es": "Autorización previa"}


def tasks(about: About, desk: Desk) -> Iterator[Content]:
    """One task for each form that is asked for."""
    for form in about.forms:
        label = words(_LABEL, desk.frame)
        actions = [*_kept(form, desk)]
        actions.append(
            {"type": "create", "description": label, "resource": _task(form, about, desk)}
        )
        yield Content(
            topic="coverage-info",
            option=OPTION,
            summary=words(_SUMMARY, desk.frame),
            rest=desk.suggesting(label, *actions),
        )


def _kept(form: Form, desk: Desk) -> Iterator[Json]:
    """The conditional creation of the form."""
    if form.resource is not None:
        url, version = text(form.resource, "url"), text(form.resource, "version")
        yield {
            "type": "create",
            "description": words(_FORM, desk.frame).format(name=text(form.resource, "title")),
            "resource": _plain(form.resource),
            "extension": {"davinci-crd.if-none-exist": f"url={url}&version={version}"},
        }


def _plain(form: Json) -> Json:
    """The form without how to order its versions: that is DTR's business, and HL7's engine refuses
    every value of the extension in the package of extensions that CRD 2.2.1 names.
    """
    kept = [e for e in parts(form, "extension") if e.get("url") != dtr.VERSION_ALGORITHM]
    bare = {name: value for name, value in form.items() if name != "extension"}
    return {**bare, "extension": kept} if kept else bare


def _task(form: Form, about: About, desk: Desk) -> Json:
    order = about.resource
    older = desk.frame.guide is Guide.V20
    why: Json = {"text": words(_WHY, desk.frame)}
    if older:
        why["coding"] = [{"system": crd.TEMP, "code": "reason-prior-auth"}]
    task: Json = {
        "resourceType": "Task",
        "id": str(desk.new_uuid()),
        "basedOn": [{"reference": name_of(order)}],
        "status": "ready",
        "intent": "order",
        "code": json.coded(sdc.TEMP, "complete-questionnaire"),
        "for": part(order, "subject") or part(order, "patient") or {"reference": desk.patient},
        "encounter": {"reference": desk.encounter} if desk.encounter else {},
        "authoredOn": json.day(desk.frame.day),
        "requester": desk.payer,
        "owner": {"reference": desk.user} if desk.user.startswith("Practitioner/") else {},
        "reasonCode": why,
        "input": [_asked(form.address), *([_afterwards()] if older else [])],
    }
    return {name: value for name, value in task.items() if value}


def _asked(address: str) -> Json:
    kind = json.coded(sdc.TEMP, "questionnaire") | {"text": "questionnaire"}
    return {"type": kind, "valueCanonical": address}


def _afterwards() -> Json:
    """2.0.1 alone wants to know what the answers are for."""
    return {
        "type": json.coded(crd.TEMP, "after-completion-action"),
        "valueCodeableConcept": json.coded(crd.TEMP, "prior-auth-include"),
    }
