"""What common invariants ask for, in our words: the advice behind an issue of code `invariant`.

The rule itself is the expression in the fact files. A key that is missing here is only named, as
are keys that mean different rules in different guides (inv-1, us-core-6).
"""

from __future__ import annotations

from typing import Final

ASKS: Final[dict[str, str]] = {
    # Da Vinci PAS
    "ClaimFirst": "put the Claim into the first entry",
    "ClaimResponseFirst": "put the ClaimResponse into the first entry",
    "FullDateRule": "give the whole date, YYYY-MM-DD, without time",
    "ImmediateLevelOfCare": "an immediate appeal names its level of service",
    "self-beneficiary": "name the subscriber, or state relationship 18 (self) of X12 element 1069",
    "IdentifierUnlessVO": "give a control number, unless the medium is voice",
    "AttachmentNeeded": "a request for attachments has an input of type attachments-needed",
    "QuestionnaireContext": "a request for a form has an input of type questionnaire-context",
    "QuestionnaireNeeded": "a request for a form has an input of type questionnaires-needed",
    # Da Vinci CRD coverage information
    "crd-ci-q1": "a questionnaire goes with doc-needed",
    "crd-ci-q2": "what is not covered has no pa-needed",
    "crd-ci-q3": "a conditional answer says which information is needed",
    "crd-ci-q4": "documentation for an authorization goes with an authorization that is needed",
    "crd-ci-q5": "the number of a satisfied authorization goes with pa-needed satisfied",
    "crd-ci-q6": "info-needed OTH goes with a reason",
    "crd-ci-q7": "a reason outside the list is text",
    "crd-ci-q8": "a purpose of documentation goes with a reason",
    "crd-ci-q9": "indeterminate goes with a reason",
    # US Core
    "us-core-8": "give a family or given name, or say why it is absent",
    "us-core-13": "name a practitioner, organization, service or location",
    "us-core-15": "give the member id, as identifier of type MB or as subscriberId",
    "us-core-16": "an NPI has 10 digits",
    "us-core-17": "correct the NPI: its check digit does not fit",
    "us-core-18": "a CLIA number is 2 digits, D, 7 digits",
    "us-core-19": "an NAIC number has 5 digits",
    "us-core-21": "an order names its requester",
    "us-core-23": "asked-but-unknown and unknown stand alone among races",
    "pd-1": "give telecom or endpoint",
    # resources of base R4
    "bdl-1": "only a search or a history has a total",
    "bdl-2": "only a search has search entries",
    "bdl-3": "entries have a request in a batch, transaction or history, and only there",
    "bdl-4": "entries have a response in an answer or history, and only there",
    "bdl-5": "an entry has a resource, a request or a response",
    "bdl-8": "a fullUrl names no version",
    "bdl-9": "a document has an identifier with system and value",
    "bdl-10": "a document has a date",
    "bdl-11": "a document starts with a Composition",
    "bdl-12": "a message starts with a MessageHeader",
    "dom-2": "a contained resource contains nothing itself",
    "dom-3": "refer to every contained resource from the one that contains it",
    "dom-4": "a contained resource has no versionId and no lastUpdated",
    "dom-5": "a contained resource has no security labels",
    "org-1": "an organization has a name or an identifier",
    "org-2": "an organization has no home address",
    "org-3": "an organization has no home telecom",
    "pat-1": "a contact has a name, telecom, address or organization",
    "prr-1": "order detail goes with a code",
    "con-5": "a Condition entered in error has no clinical status",
    "con-4": "an abated Condition is inactive, resolved or in remission",
    "obs-6": "a value stands in for dataAbsentReason, not beside it",
    "obs-7": "a component does not repeat the code of an Observation that has a value",
    "qrs-1": "a group has items, a question has answers: an item has not both",
    # data types of base R4
    "cpt-2": "a contact point with a value has a system",
    "per-1": "the end is not before the start",
    "qty-3": "a code of a unit has a system",
    "sqty-1": "no comparator here",
    "rat-1": "numerator and denominator come together, or an extension stands for both",
    "rng-2": "low is not above high",
    "tim-1": "a duration has a unit",
    "tim-2": "a period has a unit",
    "tim-4": "a duration is not negative",
    "tim-5": "a period is not negative",
    "tim-6": "a largest period goes with a period",
    "tim-7": "a largest duration goes with a duration",
    "tim-8": "a largest count goes with a count",
    "tim-9": "an offset goes with an event that has one",
    "tim-10": "timeOfDay and when exclude each other",
}


def asked(key: str) -> str:
    """The invariant's id with what it asks for."""
    text = ASKS.get(key)
    return f"rule {key} is broken, {text}" if text else f"rule {key} is broken"
