"""`Claim/$submit`: a request bundle goes in, a decided answer comes out. The whole story.

PAS 2.2.1 and 2.0.1, specification: submit operation. A refusal is an exception (4xx), a business
"no" is an answer, and what we could not find out pends; nothing here can deny.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from app.clock import Moment
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import Invalid, Issue, Malformed, NotForHere
from app.fhir.kind import Kind, kind_of
from app.fhir.read import read_request
from app.fhir.urls import profile
from app.fhir.validate.text import parse
from app.fhir.write import Envelope, write_response
from app.flows.context import Context
from app.flows.judge import judge
from app.flows.record import Intake, open_case, record
from app.flows.repeat import earlier_answer, mark_of
from app.store import Taken


@dataclass(frozen=True, slots=True)
class Answer:
    """The response bundle as bytes; `repeated` when it was made for an earlier submission."""

    body: bytes
    repeated: bool = False


def submit(context: Context, caller: Principal, raw: bytes, guide: Guide, moment: Moment) -> Answer:
    """Answer a submission, storing all of it or nothing.

    Raises Malformed, Invalid (with every issue), NotForHere, Conflict or TooLarge for what the
    caller must change; Unavailable or Broken when we could not answer.
    """
    bundle, path = _bundle(parse(raw, context.limits))
    mark = mark_of(bundle, guide)
    if mark and (earlier := earlier_answer(context, caller, mark, moment)):
        return Answer(earlier[0], repeated=True)
    _turn_away(kind_of(bundle), guide)
    _accept(context.validators[guide].bundle(bundle, profile.REQUEST_BUNDLE))
    if mark is None:
        raise Invalid("The bundle needs an identifier with a value.", at="Bundle.identifier")
    request = read_request(bundle, guide)
    eligibility, decision = judge(
        request, bundle, context.eligibility, context.rulebook, context.settings.namespace, moment
    )
    case = open_case(caller, request, decision, moment)
    public_id = moment.new_uuid()
    envelope = Envelope(
        created=moment.now,
        response_id=str(public_id),
        address=context.base(guide),
        namespace=context.settings.namespace,
        case_number=case.number,
    )
    answer = orjson.dumps(write_response(decision, request, bundle, envelope))
    intake = Intake(
        caller,
        mark,
        raw,
        f"{path}/entry/0/resource",
        request,
        eligibility,
        decision,
        case,
        public_id,
        answer,
    )
    try:
        record(context.store, intake, moment)
    except Taken:  # a twin was faster: its answer is the answer
        earlier = earlier_answer(context, caller, mark, moment)
        if earlier is None:
            raise
        return Answer(earlier[0], repeated=True)
    return Answer(answer)


def _bundle(document: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The bundle of a body and its JSON pointer there: bare, or as Parameters.resource."""
    if document.get("resourceType") != "Parameters":
        if document.get("resourceType") != "Bundle":
            raise Malformed("The body must be a Bundle.", at="resourceType")
        return document, ""
    listed = document.get("parameter")
    named = [
        (place, part["resource"])
        for place, part in enumerate(listed if isinstance(listed, list) else [])
        if isinstance(part, dict) and part.get("name") == "resource" and "resource" in part
    ]
    if len(named) != 1 or not isinstance(named[0][1], dict):
        raise Malformed("Parameters must have one parameter `resource`.", at="Parameters.parameter")
    place, bundle = named[0]
    if bundle.get("resourceType") != "Bundle":
        raise Malformed("The parameter `resource` must be a Bundle.", at="Parameters.parameter")
    return bundle, f"/parameter/{place}/resource"


_ELSEWHERE = {
    Kind.INQUIRY: "This is an inquiry; $submit answers new requests. $inquire is not offered yet.",
    Kind.UPDATE: "Updates of an earlier request (PASClaimUpdate) are not supported yet.",
    Kind.CANCEL: "Cancelling an earlier request is not supported yet.",
    Kind.PREDETERMINATION: "Claim.use is predetermination: that goes to Claim/$predetermine, which "
    "this release does not offer yet; $submit takes preauthorization.",
    Kind.CLAIM: "Claim.use is claim: bills go to claims processing; $submit takes preauthorization.",
}


def _turn_away(kind: Kind, guide: Guide) -> None:
    if kind is not Kind.NEW:
        at = "Bundle.entry[0].resource" + (
            ".use" if kind in (Kind.PREDETERMINATION, Kind.CLAIM) else ""
        )
        raise NotForHere(f"{_ELSEWHERE[kind]} See GET /fhir/{guide.value}/metadata.", at=at)


def _accept(issues: list[Issue]) -> None:
    """Raise Invalid with every issue when one of them is an error; warnings do not block."""
    if any(issue.is_error for issue in issues):
        raise Invalid("The bundle breaks rules of its profile.", issues)
