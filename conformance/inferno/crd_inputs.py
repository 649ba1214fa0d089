"""What the two CRD server suites are given: hook calls over the demo payer, and the data of their EHR.

The calls are those of examples/crd, some with one thing changed. CRD 2.2.1 (suite crd_server_v221) and
2.0.1 (crd_server). Two kinds of order are left out where no answer about them can pass the judge at hand:
CommunicationRequest in both versions, VisionPrescription in 2.0.1 (see docs/inferno.md).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from app import resources
from app.domain.guide import Guide
from app.fhir.bundle import entries
from app.fhir.urls import crd, system

Json = dict[str, Any]

_TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"
_RESTRICTED: Final = "64493"
"""A service that needs authorization, for hooks whose examples are about an office visit."""
_WITH_APP: Final = "29877"
"""A service for which the payer has an app to open."""
UNJUDGED: Final = {
    Guide.V22: ("CommunicationRequest",),
    Guide.V20: ("CommunicationRequest", "VisionPrescription"),
}
_SIGNED: Final = (
    "order-sign-three",
    "order-sign-needed",
    "order-sign-granted",
    "order-sign-no-auth",
    "order-sign-not-covered",
    "order-sign-unknown-code",
    "order-sign-recommended",
    "order-sign-post-service",
    "order-sign-delegate",
    "order-sign-alternative",
    "order-sign-depends",
    "order-sign-all-types",
)


def for_22(address: str) -> Json:
    """Every input of crd_server_v221 for a server at `address`, by its name."""
    spoiled = {}
    for name, spoil in _NOT_COVERED.items():
        spoiled[f"{name}_request_body"] = _call(Guide.V22, "order-sign-needed")
        spoil(spoiled[f"{name}_request_body"])
    return _shared(Guide.V22, address) | spoiled


def for_20(address: str) -> Json:
    """Every input of crd_server for a server at `address`, by its name."""
    return _shared(Guide.V20, address)


def _shared(guide: Guide, address: str) -> Json:
    return {
        "base_url": f"{address}/crd/{guide.value}",
        "authentication_required": "no",
        "encryption_method": "ES384",
        "any_hook_request_body": _call(guide, "order-sign-granted"),
        "appointment_book_request_bodies": list(_appointments(guide)),
        "encounter_start_request_bodies": list(_encounters(guide, "encounter-start")),
        "encounter_discharge_request_bodies": list(_encounters(guide, "encounter-discharge")),
        "order_select_request_bodies": list(_selected(guide)),
        "order_dispatch_request_bodies": list(_dispatched(guide)),
        "order_sign_request_bodies": list(_signed(guide)),
        "mock_ehr_bundle": ehr(guide),
    }


def ehr(guide: Guide) -> Json:
    """All that the examples bring along, as the data of the EHR that sends them."""
    found: dict[str, Json] = {}
    for name in (*_SIGNED, "order-dispatch", "encounter-start"):
        call = _call(guide, name)
        for held in call["prefetch"].values():
            for resource in _resources(held):
                found.setdefault(f"{resource['resourceType']}/{resource['id']}", resource)
    service = _service_order(guide)
    found[f"ServiceRequest/{service['id']}"] = service
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in found.values()],
    }


def _call(guide: Guide, name: str) -> Json:
    """An example call, with the permission to ask the EHR that a client gives with every call."""
    path = resources.data("examples") / "crd" / guide.value / f"{name}.json"
    call: Json = json.loads(path.read_text("utf-8"))
    call["fhirServer"] = "https://ehr.northside.example/fhir"
    call["fhirAuthorization"] = {
        "access_token": "replaced-for-each-call",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.rs" if guide is Guide.V22 else "user/*.read",
        "subject": "forthwith",
    }
    orders = call["context"].get("draftOrders")
    if orders:
        orders["entry"] = [
            each
            for each in orders["entry"]
            if each["resource"]["resourceType"] not in UNJUDGED[guide]
        ]
    return call


def _signed(guide: Guide) -> Iterator[Json]:
    for name in _SIGNED:
        yield _call(guide, name)
    yield _without_prefetch(_call(guide, "order-sign-granted"))
    yield _choosing(_call(guide, "order-sign-alternative"), coverage_info=True, guideline=False)
    yield _choosing(_call(guide, "order-sign-depends"), form_tasks=True)
    yield _with_old_record(_call(guide, "order-sign-no-auth"))
    yield _alone(_call(guide, "order-sign-depends"))
    if guide is Guide.V22:
        yield _with_options(_call(guide, "order-sign-not-covered"))


def _selected(guide: Guide) -> Iterator[Json]:
    yield _call(guide, "order-select")
    for call in (
        _call(guide, "order-sign-alternative"),
        _call(guide, "order-sign-recommended"),
        _call(guide, "order-sign-delegate"),
        _call(guide, "order-sign-all-types"),
        _alone(_call(guide, "order-sign-depends")),
    ):
        orders = call["context"]["draftOrders"]["entry"]
        call["hook"] = "order-select"
        call["context"]["selections"] = [_name(each["resource"]) for each in orders]
        yield call
    yield _with_old_record(_call(guide, "order-select"))


def _dispatched(guide: Guide) -> Iterator[Json]:
    plain = _call(guide, "order-dispatch")
    plain["context"]["performer"] = "PractitionerRole/ruiz-role"
    yield plain
    for name in ("order-sign-delegate", "order-sign-not-covered", "order-sign-recommended"):
        yield _dispatch(guide, _call(guide, name), with_task=name == "order-sign-delegate")
    yield _choosing(_dispatch(guide, _call(guide, "order-sign-depends")), form_tasks=True)
    yield _with_old_record(_dispatch(guide, _call(guide, "order-sign-no-auth")))


def _dispatch(guide: Guide, signed: Json, *, with_task: bool = False) -> Json:
    """The orders of a signed call, given to somebody who will do them."""
    orders = [each["resource"] for each in signed["context"]["draftOrders"]["entry"]]
    names = [_name(each) for each in orders]
    context: Json = {
        "patientId": signed["context"]["patientId"],
        "performer": "PractitionerRole/ruiz-role",
    }
    if guide is Guide.V22:
        context["dispatchedOrders"] = names
        if with_task:
            context["fulfillmentTasks"] = [_task(order) for order in orders]
    else:
        context["order"] = names[0]
    kind = orders[0]["resourceType"]
    key = kind[0].lower() + kind[1:] + "s"
    signed["hook"] = "order-dispatch"
    signed["context"] = context
    signed["prefetch"][key] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": order} for order in orders],
    }
    return signed


def _task(order: Json) -> Json:
    """The task that hands an order over (2.2.1, profile-task-dispatch)."""
    return {
        "resourceType": "Task",
        "id": f"do-{order['id']}",
        "status": "draft",
        "intent": "order",
        "code": {"coding": [{"system": _TASK_CODE, "code": "fulfill"}]},
        "focus": {"reference": _name(order)},
        "for": order["subject"],
        "owner": {"reference": "PractitionerRole/ruiz-role"},
    }


def _appointments(guide: Guide) -> Iterator[Json]:
    yield _call(guide, "appointment-book")
    restricted = _call(guide, "appointment-book")
    _booked(restricted)["serviceType"] = _coded(_RESTRICTED)
    yield restricted
    asked = _call(guide, "appointment-book")
    _booked(asked)["serviceType"] = _coded(_RESTRICTED)
    yield _choosing(asked, form_tasks=True)
    with_app = _call(guide, "appointment-book")
    _booked(with_app)["serviceType"] = _coded(_WITH_APP)
    yield with_app
    yield _with_old_record(_call(guide, "appointment-book"))
    based = _call(guide, "appointment-book")
    order = _service_order(guide)
    _booked(based)["basedOn"] = [{"reference": _name(order)}]
    based["prefetch"]["serviceRequests"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": order}],
    }
    yield based


def _encounters(guide: Guide, hook: str) -> Iterator[Json]:
    yield _call(guide, hook)
    restricted = _call(guide, hook)
    restricted["prefetch"]["encounter"]["type"] = _coded(_RESTRICTED)
    yield restricted
    yield _with_old_record(_call(guide, hook))
    yield _without_prefetch(_call(guide, hook))


def _service_order(guide: Guide) -> Json:
    """An order on which an appointment is based."""
    for each in _call(guide, "order-sign-all-types")["context"]["draftOrders"]["entry"]:
        order: Json = each["resource"]
        if order["resourceType"] == "ServiceRequest":
            return {**order, "code": _coded(_RESTRICTED)[0]}
    raise LookupError("The example with all types has no ServiceRequest.")


def _alone(call: Json) -> Json:
    """The receiver of a glucose monitor, without the supplies that go with it."""
    orders = call["context"]["draftOrders"]
    orders["entry"] = [each for each in orders["entry"] if "E2103" in json.dumps(each)]
    return call


def _without_prefetch(call: Json) -> Json:
    """All must be asked of the EHR."""
    del call["prefetch"]
    return call


def _choosing(call: Json, **options: bool) -> Json:
    """The client switches options on and off, and wants no more than three cards."""
    chosen = {name.replace("_", "-"): value for name, value in options.items()}
    extension = call.setdefault("extension", {})
    extension["davinci-crd.configuration"] = chosen | {"max-cards": 3}
    return call


def _with_old_record(call: Json) -> Json:
    """The clinic's record of the coverage has an end that the plan knows nothing of."""
    _coverage(call)["period"]["end"] = "2026-12-31"
    return _choosing(call, insurance=True)


def _with_options(call: Json) -> Json:
    """The order's clinical code, and two services that it may be billed as."""
    order = call["context"]["draftOrders"]["entry"][0]["resource"]
    options = [
        {"url": crd.BILLING_OPTIONS, "valueCodeableConcept": _coded(code)[0]}
        for code in (_RESTRICTED, "99213")
    ]
    order["code"] = {
        "extension": options,
        "coding": [{"system": system.SNOMED, "code": "231301008"}],
    }
    return call


def _no_payer(call: Json) -> None:
    """The payer must be read from the EHR, which fails."""
    del call["prefetch"]["payers"]


def _no_member(call: Json) -> None:
    call["prefetch"]["patient"]["identifier"][0]["value"] = "FW999999"


def _no_coverage(call: Json) -> None:
    coverage = _coverage(call)
    coverage["subscriberId"] = coverage["identifier"][0]["value"] = "FW888888"


def _cancelled(call: Json) -> None:
    _no_coverage(call)
    _coverage(call)["status"] = "cancelled"


_NOT_COVERED: Final[dict[str, Callable[[Json], None]]] = {
    "technical_issues": _no_payer,
    "no_member_found": _no_member,
    "coverage_not_found": _no_coverage,
    "no_active_coverage": _cancelled,
}


def _coverage(call: Json) -> Json:
    found: Json = call["prefetch"]["coverage"]["entry"][0]["resource"]
    return found


def _booked(call: Json) -> Json:
    found: Json = call["context"]["appointments"]["entry"][0]["resource"]
    return found


def _coded(code: str) -> list[Json]:
    return [{"coding": [{"system": system.CPT, "code": code}]}]


def _name(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _resources(held: Any) -> Iterator[Json]:
    if not isinstance(held, dict):
        return
    if held.get("resourceType") == "Bundle":
        for _, _, resource in entries(held):
            yield copy.deepcopy(resource)
    else:
        yield copy.deepcopy(held)
