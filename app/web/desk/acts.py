"""The bodies of `/desk/api`: what a person does, as JSON, and the act that it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from app.domain.decision import AskedBy, Needed
from app.domain.review import Act, Approve, Ask, Deny, Extend, Modify, Overturn, Release, Take, Why
from app.domain.values import Coding, Concept, Period
from app.errors import Issue, Unprocessable
from app.flows.review import Reviewer

_SHORT = validate.Length(max=200)
_LONG = validate.Length(min=1, max=4000)


class _Strict(Schema):
    """Refuses what it does not know: a misspelt field must not be lost."""

    class Meta:
        """See above."""

        unknown = RAISE


class By(_Strict):
    """Who acts; a denial is signed with NPI and specialty (a NUCC taxonomy code, or in words)."""

    id = fields.String(required=True, validate=validate.Length(min=1, max=100))
    npi = fields.String(load_default="", validate=_SHORT)
    specialty = fields.String(load_default="", validate=_SHORT)


class Words(_Strict):
    """One sentence in the languages that members read."""

    en = fields.String(required=True, validate=_LONG)
    es = fields.String(validate=_LONG)


class WhyBody(_Strict):
    """Criteria by their rule ids, the reason, and what would change the decision."""

    criteria = fields.List(fields.String(), required=True)
    reason = fields.Nested(Words, required=True)
    would_change = fields.Nested(Words, required=True)


class NeededBody(_Strict):
    """A document: its LOINC type, what it is to tell, and its X12 report type."""

    loinc = fields.String(required=True, validate=_SHORT)
    question = fields.Nested(Words, required=True)
    pwk = fields.String(load_default="", validate=_SHORT)


class Days(_Strict):
    """From the first to the last day."""

    start = fields.Date(required=True)
    end = fields.Date(required=True)


class Place(_Strict):
    """The code of a setting."""

    system = fields.String(required=True, validate=_SHORT)
    code = fields.String(required=True, validate=_SHORT)


class HandBody(_Strict):
    """Take and release say only who."""

    by = fields.Nested(By, required=True)


class ItemBody(HandBody):
    """Overturn names an item."""

    item = fields.Integer(required=True)


class ApproveBody(HandBody):
    """No items means all that wait."""

    items = fields.List(fields.Integer(), load_default=[])
    until = fields.Date(load_default=None)


class AskBody(ItemBody):
    """What is needed."""

    needed = fields.List(
        fields.Nested(NeededBody), required=True, validate=validate.Length(min=1, max=20)
    )


class ExtendBody(HandBody):
    """How many days more, who asked for them, and why."""

    days = fields.Integer(required=True, validate=validate.Range(min=1, max=366))
    asked_by = fields.Enum(AskedBy, by_value=True, required=True)
    reason = fields.Nested(Words, required=True)


class DenyBody(ItemBody):
    """A denial without its why does not load."""

    why = fields.Nested(WhyBody, required=True)


class ModifyBody(DenyBody):
    """Fewer units, fewer days, another setting."""

    units = fields.Decimal(load_default=None, allow_nan=False)
    period = fields.Nested(Days, load_default=None)
    place = fields.Nested(Place, load_default=None)


def _why(told: Mapping[str, Any]) -> Why:
    why = told["why"]
    return Why(tuple(why["criteria"]), why["reason"], why["would_change"])


def _ask(told: Mapping[str, Any]) -> Act:
    needed = [
        Needed("asked-by-reviewer", each["question"], each["loinc"], each["pwk"])
        for each in told["needed"]
    ]
    return Ask(told["item"], tuple(needed))


def _modify(told: Mapping[str, Any]) -> Act:
    days, place = told["period"], told["place"]
    return Modify(
        told["item"],
        _why(told),
        told["units"],
        Period(days["start"], days["end"]) if days else None,
        Concept((Coding(place["system"], place["code"]),)) if place else None,
    )


ACTS: Mapping[str, tuple[Schema, Callable[[Mapping[str, Any]], Act]]] = {
    "take": (HandBody(), lambda _: Take()),
    "release": (HandBody(), lambda _: Release()),
    "ask": (AskBody(), _ask),
    "approve": (ApproveBody(), lambda told: Approve(tuple(told["items"]), told["until"])),
    "extend": (
        ExtendBody(),
        lambda told: Extend(told["days"], told["asked_by"], told["reason"]),
    ),
    "modify": (ModifyBody(), _modify),
    "deny": (DenyBody(), lambda told: Deny(told["item"], _why(told))),
    "overturn": (ItemBody(), lambda told: Overturn(told["item"])),
}
"""The last step of each address, the shape of its body, and what it means."""


def act_of(name: str, document: Any) -> tuple[Act, Reviewer]:
    """What the body of `POST .../{name}` says. Raises Unprocessable that names each element."""
    schema, meant = ACTS[name]
    try:
        told = schema.load(document)
    except ValidationError as fault:
        issues = [
            Issue("error", "structure", Unprocessable.code, at, "Missing, unknown or misshapen.")
            for at in sorted(_places(fault.messages))
        ]
        elements = ", ".join(issue.at for issue in issues)
        raise Unprocessable(f"Missing, unknown or misshapen: {elements}.", issues) from None
    return meant(told), Reviewer(**told["by"])


def _places(messages: Any, above: str = "") -> list[str]:
    """The paths of the elements at fault, down to the last name."""
    if not isinstance(messages, dict):
        return [above]
    return [
        place
        for name, inner in messages.items()
        for place in _places(inner, f"{above}.{name}" if above else str(name))
    ]
