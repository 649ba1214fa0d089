"""The parts that our PAS requests to Inferno are put together from.

Each request starts as one of the bundles in `examples/pas` and gets what the guide marks as must
support: every identifier, name part and address of the parties, every extension of the Claim.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.fhir.urls import GUIDES, ext, profile, system, x12
from app.fhir.urls import part as short
from conformance.inferno.stage import ROOT

Json = dict[str, Any]

EHR: Final = "https://ehr.northside.example/fhir"
NUMBERS: Final = "https://ehr.northside.example"
_RACE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
_ETHNICITY: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
_BIRTH_SEX: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
_CDC: Final = "urn:oid:2.16.840.1.113883.6.238"
_TAX_NUMBERS: Final = {"Fairwater Health Plan": "12-3456789"}
_ACTIVITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_PARTICIPANT: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_DISPOSITION: Final = "http://terminology.hl7.org/CodeSystem/discharge-disposition"


def coded(where: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one coding."""
    coding = {"system": where, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]}


def extension(url: str, kind: str, value: Any) -> Json:
    """An extension with a plain value: `extension(url, "String", "words")`."""
    return {"url": url, f"value{kind}": value}


class Request:
    """One request bundle under construction."""

    def __init__(self, guide: str, example: str, name: str) -> None:
        place = ROOT / "examples" / "pas" / guide / f"{example}.json"
        self.guide = guide
        self.bundle: Json = json.loads(place.read_text("utf-8"))
        self.call_it(name)
        self._tell_on_the_form()
        for number, item in enumerate(self.items, 1):
            self.trace(item, number)

    @property
    def is_22(self) -> bool:
        """Whether the request is in PAS 2.2.1."""
        return self.guide == "2.2"

    @property
    def claim(self) -> Json:
        """The Claim that asks."""
        found: Json = self.bundle["entry"][0]["resource"]
        return found

    @property
    def items(self) -> list[Json]:
        """Its items."""
        found: list[Json] = self.claim["item"]
        return found

    def all(self, kind: str) -> list[Json]:
        """The resources of a type."""
        return [
            each["resource"]
            for each in self.bundle["entry"]
            if each["resource"]["resourceType"] == kind
        ]

    def refer(self, kind: str, position: int = 0) -> Json:
        """A reference to the entry of a type."""
        urls = [
            each["fullUrl"]
            for each in self.bundle["entry"]
            if each["resource"]["resourceType"] == kind
        ]
        return {"reference": urls[position]}

    def add(self, resource: Json) -> Json:
        """Add an entry; a reference to it."""
        url = f"{EHR}/{resource['resourceType']}/{resource['id']}"
        self.bundle["entry"].append({"fullUrl": url, "resource": resource})
        return {"reference": url}

    def trace(self, item: Json, number: int) -> None:
        """Give an item a trace number of its own."""
        told = [e for e in item.get("extension", []) if e["url"] != ext.ITEM_TRACE_NUMBER]
        own = {"system": f"{NUMBERS}/item-trace", "value": f"IT-{self.name}-{number}"}
        item["extension"] = [*told, extension(ext.ITEM_TRACE_NUMBER, "Identifier", own)]

    def _tell_on_the_form(self) -> None:
        """The saturation as an answer of the form: Inferno falls over `Observation.method`."""
        for each in self.all("Observation"):
            if each.pop("method", None) is not None and self.all("QuestionnaireResponse"):
                answer = {
                    "linkId": "home-oxygen/spo2-rest",
                    "text": "What was the oxygen saturation awake, at rest, breathing room air?",
                    "answer": [{"valueQuantity": copy.deepcopy(each["valueQuantity"])}],
                }
                self.all("QuestionnaireResponse")[0]["item"][0]["item"].append(answer)

    def keep_reached(self) -> None:
        """Drop the entries that nothing leads to from the Claim."""
        by_url = {each["fullUrl"]: each for each in self.bundle["entry"]}
        reached: dict[str, Json] = {}
        ahead = [self.bundle["entry"][0]["fullUrl"]]
        while ahead:
            url = ahead.pop()
            if url in by_url and url not in reached:
                reached[url] = by_url[url]
                ahead += list(_references(by_url[url]["resource"]))
        self.bundle["entry"] = [e for e in self.bundle["entry"] if e["fullUrl"] in reached]

    def call_it(self, name: str) -> None:
        """Give the bundle and its Claim numbers of their own."""
        self.name = name
        self.bundle["id"] = name
        self.bundle["identifier"]["value"] = f"INFERNO-{self.guide}-{name}"
        first = self.bundle["entry"][0]
        first["resource"]["id"] = f"claim-{name}"
        first["fullUrl"] = f"{EHR}/Claim/claim-{name}"
        (number,) = first["resource"]["identifier"]
        number["system"] = f"{NUMBERS}/patient-event"
        number["value"] = f"PE-{self.guide}-{name}"
        if self.is_22:
            number["extension"] = [
                extension(ext.IDENTIFIER_JURISDICTION, "CodeableConcept", coded(system.USPS, "OH")),
                extension(ext.IDENTIFIER_SUB_DEPARTMENT, "String", "223412"),
            ]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        target = node.get("reference")
        if isinstance(target, str):
            yield target if target.startswith(("http", "urn:")) else f"{EHR}/{target}"
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)


def complete_parties(request: Request) -> None:
    """Every must-support element of the parties and the coverage."""
    for each in request.all("Patient"):
        _complete_patient(each, request)
    for each in request.all("Organization"):
        _complete_organization(each, request)
    for each in request.all("Coverage"):
        _complete_coverage(each)
    for each in request.all("PractitionerRole"):
        _complete_role(each)


def _complete_patient(patient: Json, request: Request) -> None:
    (name,) = patient["name"]
    name |= {"prefix": ["Mx."], "suffix": ["Jr."]}
    patient["multipleBirthInteger"] = 1
    if request.is_22:
        return
    patient["address"][0]["period"] = {"start": "2019-05-01"}
    white, not_hispanic = ("2106-3", "White"), ("2186-5", "Not Hispanic or Latino")
    patient["extension"] = [
        _category(_RACE, *white),
        _category(_ETHNICITY, *not_hispanic),
        extension(_BIRTH_SEX, "Code", "F" if patient["gender"] == "female" else "M"),
    ]


def _category(url: str, code: str, display: str) -> Json:
    coding = {"system": _CDC, "code": code, "display": display}
    inner = [extension("ombCategory", "Coding", coding), extension("text", "String", display)]
    return {"url": url, "extension": inner}


def _complete_organization(organization: Json, request: Request) -> None:
    declared = organization.get("meta", {}).get("profile", [])
    if not {profile.INSURER, profile.REQUESTOR} & set(declared):
        return
    insurer = profile.INSURER in declared
    tax = "12-3456789" if insurer else "98-7654321"
    kept = [each for each in organization["identifier"] if "payer-id" not in each["system"]]
    organization["identifier"] = [*kept, {"system": system.TIN, "value": tax}]
    if request.is_22:
        payer_id = {
            "type": coded(system.C4BB_IDENTIFIER_TYPE, "payerid"),
            "system": "https://fairwater.example/payer-id",
            "value": "FAIRWATER",
        }
        if insurer:
            organization["identifier"].append(payer_id)
        else:
            other = {"system": f"{NUMBERS}/payer-number", "value": "NORTHSIDE"}
            organization["identifier"].append(payer_id | other)


def _complete_coverage(coverage: Json) -> None:
    coverage["type"] = coded(_ACTIVITY, "MCPOL", "managed care policy")
    coverage["subscriber"] = dict(coverage["beneficiary"])
    coverage["period"] = {"start": "2024-01-01"}
    plan = [each for each in coverage.get("class", []) if _class(each) == "plan"]
    group = {
        "type": coded(system.COVERAGE_CLASS, "group", "Group"),
        "value": "FW-GROUP-7",
        "name": "Lakeshore retirees",
    }
    coverage["class"] = [*plan, group]


def _class(each: Json) -> str:
    return str(each["type"]["coding"][0]["code"])


def _complete_role(role: Json) -> None:
    role["endpoint"] = [{"display": "Direct address of the practice"}]
    if "location" not in role:
        role["location"] = [{"display": "Northside main clinic"}]


def full_claim(request: Request) -> None:
    """Every must-support element of the Claim itself that a first request may have."""
    claim = request.claim
    claim["provider"] = request.refer("PractitionerRole")
    told = claim.setdefault("extension", [])
    told.append(extension(ext.LEVEL_OF_SERVICE_CODE, "CodeableConcept", coded(x12(1338), "E")))
    told.append(extension(ext.CLAIM_ENCOUNTER, "Reference", _encounter(request)))
    if request.is_22:
        told += [_condition(), _home_health()]
        if not any(each["url"] == ext.TRANSMISSION_IDENTIFIERS for each in told):
            told.append(_transmission())
    claim["accident"] = {
        "date": "2026-11-20",
        "type": coded(x12(1362), "OA"),
    }
    if request.is_22:
        claim["accident"]["locationAddress"] = {"city": "Columbus", "state": "OH", "country": "US"}
    for each in claim["careTeam"]:
        each["qualification"] = (
            coded(x12(127), "207RP1001X") if request.is_22 else coded(system.NUCC, "207RP1001X")
        )
    for each in claim["diagnosis"]:
        each["extension"] = [extension(ext.DIAGNOSIS_RECORDED_DATE, "Date", "2026-11-20")]
        each["type"] = [coded(system.TEMP, "principal" if each["sequence"] == 1 else "admitting")]
    _dates(request)


def _dates(request: Request) -> None:
    listed = request.claim["supportingInfo"]
    said = {each["category"]["coding"][0]["code"] for each in listed}
    number = max(each["sequence"] for each in listed)
    stay = {"start": "2026-12-01", "end": "2026-12-20"}
    first: Json = {"timingPeriod": stay}
    more: list[tuple[str, Json]] = [
        ("patientEvent", first),
        (
            "admissionDates",
            {"timingPeriod": {"start": "2026-12-01", "end": "2026-12-02"}}
            if request.is_22
            else {"timingDate": "2026-12-01"},
        ),
        ("dischargeDates", {"timingDate": "2026-12-20"}),
        ("freeFormMessage", {"valueString": "The family asks to be called in the evening."}),
    ]
    for code, content in more:
        if code not in said:
            number += 1
            listed.append({"sequence": number, "category": coded(system.TEMP, code), **content})


def _encounter(request: Request) -> Json:
    reason = {
        "resourceType": "Condition",
        "id": "reason",
        "clinicalStatus": coded(
            "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
        ),
        "verificationStatus": coded(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"
        ),
        "category": [
            coded(
                "http://terminology.hl7.org/CodeSystem/condition-category",
                "encounter-diagnosis",
            )
        ],
        "code": copy.deepcopy(request.claim["diagnosis"][0]["diagnosisCodeableConcept"]),
        "subject": request.refer("Patient"),
        "recordedDate": "2026-11-20",
    }
    encounter: Json = {
        "resourceType": "Encounter",
        "id": "visit",
        "meta": {"lastUpdated": "2026-11-24T16:00:00Z", "profile": [profile.ENCOUNTER]},
        "extension": [
            extension(ext.PATIENT_STATUS, "CodeableConcept", coded(x12(1352), "30")),
            extension(
                ext.NURSING_HOME_RESIDENTIAL_STATUS, "CodeableConcept", coded(x12(1345), "1")
            ),
        ],
        "identifier": [{"system": f"{NUMBERS}/visit", "value": f"V-{request.name}"}],
        "status": "planned",
        "class": {"system": _ACTIVITY, "code": "IMP", "display": "inpatient encounter"},
        "type": [coded(x12(1315), "1")],
        "subject": request.refer("Patient"),
        "participant": [
            {
                "type": [coded(_PARTICIPANT, "ATND", "attender")],
                "period": {"start": "2026-11-20", "end": "2026-11-25"},
                "individual": request.refer("Practitioner"),
            }
        ],
        "period": {"start": "2026-11-20", "end": "2026-11-25"},
        "reasonCode": [copy.deepcopy(request.claim["diagnosis"][0]["diagnosisCodeableConcept"])],
        "hospitalization": {
            "admitSource": coded(x12(1314), "1"),
            "dischargeDisposition": coded(_DISPOSITION, "snf", "Skilled nursing facility"),
        },
        "location": [{"location": {"display": "Northside hospital, ward 4"}}],
    }
    if request.is_22:
        encounter["reasonReference"] = [request.add(reason)]
        encounter["serviceProvider"] = request.refer("Organization", 1)
    return request.add(encounter)


def _condition() -> Json:
    inner = [
        extension("category", "CodeableConcept", coded(x12(1136), "09")),
        extension("indicator", "Boolean", True),
        extension("code", "CodeableConcept", coded(x12(1321), "38")),
    ]
    return {"url": ext.CONDITION_CODE, "extension": inner}


def _home_health() -> Json:
    inner = [
        extension("prognosis", "CodeableConcept", coded(x12(923), "4")),
        extension("date", "Date", "2026-12-01"),
    ]
    return {"url": ext.HOME_HEALTH_CARE_INFORMATION, "extension": inner}


def _transmission() -> Json:
    pairs = [
        (short.APPLICATION_SENDER_CODE, "NORTHSIDE"),
        (short.APPLICATION_RECEIVER_CODE, "FAIRWATER"),
        (short.INTERCHANGE_SENDER_ID, "NORTHSIDE"),
        (short.INTERCHANGE_RECEIVER_ID, "FAIRWATER"),
    ]
    inner = [extension(url, "String", value) for url, value in pairs]
    return {"url": ext.TRANSMISSION_IDENTIFIERS, "extension": inner}


def full_item(request: Request, item: Json) -> None:
    """Every must-support element of an item."""
    more = [
        extension(ext.AUTHORIZATION_NUMBER, "String", "PRIOR-2026-0042"),
        extension(ext.ADMINISTRATION_REFERENCE_NUMBER, "String", "REF-77120"),
        extension(ext.EPSDT_INDICATOR, "Boolean", False),
        extension(ext.NURSING_HOME_RESIDENTIAL_STATUS, "CodeableConcept", coded(x12(1345), "1")),
        extension(ext.NURSING_HOME_LEVEL_OF_CARE, "CodeableConcept", coded(x12(1337), "1")),
        extension(ext.REVENUE_UNIT_RATE_LIMIT, "Decimal", 410.5),
        extension(
            ext.PRODUCT_OR_SERVICE_CODE_END,
            "CodeableConcept",
            copy.deepcopy(item["productOrService"]),
        ),
    ]
    if not request.is_22:
        more = [each for each in more if each["url"] != ext.PRODUCT_OR_SERVICE_CODE_END]
    given = {each["url"] for each in item["extension"]}
    item["extension"] += [each for each in more if each["url"] not in given]
    item["unitPrice"] = {"value": 380, "currency": "USD"}
    item["modifier"] = [coded(system.HCPCS, "GP")]
    item["revenue"] = coded(GUIDES[request.guide].revenue_system, "0022")


def order_of_care(request: Request, code: Json) -> None:
    """The order behind the item: care in a facility, complete, in place of what the example ordered."""
    order: Json = {
        "resourceType": "ServiceRequest",
        "id": "care-order",
        "meta": {"profile": [profile.SERVICE_REQUEST]},
        "extension": [
            _told_before(request),
            extension(ext.PRODUCT_OR_SERVICE_CODE_END, "CodeableConcept", copy.deepcopy(code)),
        ],
        "status": "active",
        "intent": "order",
        "code": copy.deepcopy(code),
        "quantityQuantity": {"value": 20, "unit": "days"},
        "subject": request.refer("Patient"),
        "occurrenceTiming": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "authoredOn": "2026-11-24",
        "requester": request.refer("Practitioner"),
    }
    reference = request.add(order)
    (item,) = request.items
    told = [each for each in item["extension"] if each["url"] != ext.REQUESTED_SERVICE]
    item["extension"] = [*told, extension(ext.REQUESTED_SERVICE, "Reference", reference)]
    request.keep_reached()


def _told_before(request: Request) -> Json:
    """What CRD said about the order."""
    inner = [
        extension("coverage", "Reference", request.refer("Coverage")),
        extension("covered", "Code", "covered"),
        extension("pa-needed", "Code", "auth-needed"),
        extension("date", "Date", "2026-11-24"),
        extension("coverage-assertion-id", "String", "CRD-20C11D77"),
    ]
    return {"url": ext.COVERAGE_INFORMATION, "extension": inner}


def form(request: Request, policy: str, answers: Mapping[str, Any]) -> None:
    """The answers on the request's form, by the fact's name."""
    (found,) = request.all("QuestionnaireResponse")
    found["questionnaire"] = f"https://fairwater.example/questionnaire/{policy}|2026.1"
    found["item"] = [
        {
            "linkId": policy,
            "text": "Questions of the payer",
            "item": [
                {"linkId": f"{policy}/{name}", "text": name, "answer": [value]}
                for name, value in answers.items()
            ],
        }
    ]
