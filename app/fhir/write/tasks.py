"""CDex Tasks beside the requests for documents: where to send what, by which line and form.

They are loose entries: nothing in the answer refers to them.
"""

from __future__ import annotations

from collections.abc import Callable

from app.domain.request import Party
from app.domain.values import Identifier
from app.fhir.read.values import parts, text
from app.fhir.urls import profile, system
from app.fhir.write.asking import FILL_THE_FORM, Asked, modifiers
from app.fhir.write.draft import Draft, tidy
from app.fhir.write.json import Json, coded, extension, identifier, instant
from app.sealed import sealed

DOCUMENTS = "attachment-request-code"
FORMS = "attachment-request-questionnaire"


@sealed(frozen=True, slots=True)
class TaskWire:
    """How a guide version writes a Task's inputs.

    `line` is the extension that names the item and `line_kind` its value type, `modifiers` whether
    the input may say which part of the record is wanted; `form` is the type of an input that names
    a questionnaire's context, `form_value` the element that holds it.
    """

    line: str
    line_kind: str
    modifiers: bool
    form: str
    form_value: Callable[[Identifier], Json]


def tasks(draft: Draft, needs: list[Asked], wire: TaskWire) -> list[Json]:
    """The entries: one Task for all documents, one for all questionnaires.

    None where documents cannot be sent to us, or payer or requester have no identifier.
    """
    insurer, provider = _address(draft.request.insurer), _address(draft.request.submitter)
    if not draft.envelope.attachments_url or insurer is None or provider is None:
        return []
    documents = [
        _document(each, wire) for each in needs if each.kind and each.kind != FILL_THE_FORM
    ]
    forms = [_form(each, trace, wire) for each, trace in _forms(needs)]
    written = []
    for code, inputs in ((DOCUMENTS, documents), (FORMS, forms)):
        if inputs:
            url = draft.own_url(code)
            task = _task(draft, code, inputs) | {
                "id": url.rpartition(":")[2],
                "requester": {"identifier": identifier(insurer)},
                "owner": {"identifier": identifier(provider)},
            }
            written.append({"fullUrl": url, "resource": tidy(task)})
    return written


def _address(party: Party) -> Identifier | None:
    """The NPI, else the first identifier with a system."""
    named = [each for each in party.identifiers if each.system]
    return next((each for each in named if each.system == system.NPI), next(iter(named), None))


def _forms(needs: list[Asked]) -> list[tuple[Asked, Identifier]]:
    """One for each item that waits for a form and has a trace number to find it by."""
    found: dict[int, tuple[Asked, Identifier]] = {}
    for each in needs:
        form = any(needed.questionnaire for needed in each.needs)
        if form and each.decided.trace is not None:
            found.setdefault(each.item.sequence, (each, each.decided.trace))
    return list(found.values())


def _document(need: Asked, wire: TaskWire) -> Json:
    return {
        "extension": [
            extension(wire.line, wire.line_kind, need.item.sequence),
            *(modifiers(need) if wire.modifiers else []),
        ],
        "type": coded(system.TEMP, "attachments-needed"),
        "valueCodeableConcept": coded(system.LOINC, need.kind),
    }


def _form(need: Asked, trace: Identifier, wire: TaskWire) -> Json:
    return {
        "extension": [extension(wire.line, wire.line_kind, need.item.sequence)],
        "type": coded(system.TEMP, wire.form),
        **wire.form_value(trace),
    }


def _task(draft: Draft, code: str, inputs: list[Json]) -> Json:
    """A Task without its parties."""
    claim, due = draft.claim.resource, draft.decision.due
    own = {"system": f"{draft.envelope.namespace}/case", "value": draft.envelope.case_number}
    named = [
        each for each in parts(claim, "identifier") if text(each, "system") and text(each, "value")
    ]
    payer_url = {
        "type": coded(system.TEMP, "payer-url"),
        "valueUrl": draft.envelope.attachments_url,
    }
    return {
        "resourceType": "Task",
        "id": "",
        "meta": {"profile": [profile.TASK]},
        "identifier": named[:1] or [own],
        "status": "requested",
        "statusReason": {"text": "The review waits for what is asked for here."},
        "intent": "order",
        "code": coded(system.TEMP, code),
        "for": draft.echo.refer(claim.get("patient")),
        "requester": None,
        "owner": None,
        "reasonCode": coded(system.TEMP, "priorAuthorization"),
        "reasonReference": {"reference": draft.claim.full_url},
        "restriction": {"period": {"end": instant(due)}} if due else None,
        "input": [payer_url, *inputs],
    }
