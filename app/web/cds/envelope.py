"""The envelope of a hook call: what CDS Hooks demands of it, and nothing more.

CDS Hooks 2.0 (CRD 2.0.1) and 3.0 (CRD 2.2.1). Members that are not known stay and are ignored
(hook-23, found-33). FHIR inside is `app.fhir`'s affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marshmallow import INCLUDE, Schema, fields, validate

from app.domain.crd import Hook
from app.domain.guide import Guide
from app.errors import Issue, Malformed, Unprocessable

_FILLED = validate.Length(min=1)


class _Open(Schema):
    """Keeps what it does not know."""

    class Meta:
        """Unknown members are the sender's."""

        unknown = INCLUDE


class Context(_Open):
    """What every hook of the guide has."""

    patientId = fields.String(required=True, validate=_FILLED)  # noqa: N815 - the member's name


class WithUser(Context):
    """Hooks that know who sits before the screen."""

    userId = fields.String(required=True, validate=_FILLED)  # noqa: N815


class Booking(WithUser):
    """appointment-book 1.0."""

    appointments = fields.Dict(required=True)


class Visit(WithUser):
    """encounter-start and encounter-discharge 1.0."""

    encounterId = fields.String(required=True, validate=_FILLED)  # noqa: N815


class Signing(WithUser):
    """order-sign."""

    draftOrders = fields.Dict(required=True)  # noqa: N815


class Selecting(Signing):
    """order-select 1.0."""

    selections = fields.List(fields.String(), required=True)


class Dispatching(Context):
    """order-dispatch: 1.0 has `order`, 1.1 `dispatchedOrders`, its examples `dispatched-orders`."""

    performer = fields.String(required=True, validate=_FILLED)
    order = fields.String()
    dispatchedOrders = fields.List(fields.String())  # noqa: N815
    dispatched = fields.List(fields.String(), data_key="dispatched-orders")


class Granted(_Open):
    """The access token; what else the specification demands is often missing and not needed here."""

    access_token = fields.String(required=True)


class Envelope(_Open):
    """A hook call. `hookInstance` is not held to be a UUID: some clients send none."""

    hook = fields.String(required=True)
    hookInstance = fields.String(required=True, validate=_FILLED)  # noqa: N815
    fhirServer = fields.Url(schemes={"http", "https"}, require_tld=False)  # noqa: N815
    fhirAuthorization = fields.Nested(Granted)  # noqa: N815
    context = fields.Dict(required=True)
    prefetch = fields.Dict(allow_none=True)
    extension = fields.Dict(allow_none=True)


_CONTEXTS: Mapping[Hook, Schema] = {
    Hook.APPOINTMENT_BOOK: Booking(),
    Hook.ENCOUNTER_DISCHARGE: Visit(),
    Hook.ENCOUNTER_START: Visit(),
    Hook.ORDER_DISPATCH: Dispatching(),
    Hook.ORDER_SELECT: Selecting(),
    Hook.ORDER_SIGN: Signing(),
}
_ENVELOPE = Envelope()

Sound = Callable[[Mapping[str, Any]], bool]


def _sound(schema: Schema) -> Sound:
    """Whether a document surely keeps the rules of a schema. What is not sure is asked of the schema.

    Made of the schema's own fields: most calls are right, and marshmallow takes ten times as long to
    say so.
    """
    known = [
        (field.data_key or name, field.required, field.allow_none, _taking(field))
        for name, field in schema.fields.items()
    ]

    def sound(document: Mapping[str, Any]) -> bool:
        for name, required, may_be_none, takes in known:
            if name not in document:
                if required:
                    return False
            elif not takes(value := document[name]) and not (may_be_none and value is None):
                return False
        return True

    return sound


def _taking(field: fields.Field[Any]) -> Callable[[Any], bool]:
    """Whether a field surely takes a value; never where there is more to it than a type."""
    kind, filled = type(field), field.validators == [_FILLED]
    if field.validators and not filled:
        return _never
    if kind is fields.String:
        return _filled if filled else lambda value: type(value) is str
    if kind is fields.Dict and not filled:
        return lambda value: type(value) is dict
    if isinstance(field, fields.List) and not filled:
        takes = _taking(field.inner)
        return lambda value: type(value) is list and all(map(takes, value))
    return _never


def _filled(value: Any) -> bool:
    return type(value) is str and value != ""


def _never(_value: Any) -> bool:
    return False


_SOUND_CONTEXTS = {hook: _sound(schema) for hook, schema in _CONTEXTS.items()}
_SOUND = _sound(_ENVELOPE)
_DISPATCHED = ("order", "dispatchedOrders", "dispatched-orders")


def check(document: dict[str, Any], hook: Hook, guide: Guide) -> dict[str, Any]:
    """The call as it was sent, when it keeps the rules.

    Raises Malformed (400, CRD 2.2.1) or Unprocessable (422, CRD 2.0.1) with every fault.
    """
    faults = dict(_faults(document, hook))
    if not faults:
        return document
    kind = Malformed if guide is Guide.V22 else Unprocessable
    issues = [Issue("error", "structure", kind.code, at, says) for at, says in faults.items()]
    raise kind("The call breaks rules of CDS Hooks.", issues)


def _faults(document: dict[str, Any], hook: Hook) -> Iterator[tuple[str, str]]:
    if not _SOUND(document):
        yield from _of(_ENVELOPE.validate(document), "")
    if document.get("hook") != hook.value:
        yield "hook", f"This service answers the hook {hook.value}."
    if document.get("fhirAuthorization") and not document.get("fhirServer"):
        yield "fhirServer", "Required beside fhirAuthorization."
    context = document.get("context")
    if isinstance(context, dict):
        if not _SOUND_CONTEXTS[hook](context):
            yield from _of(_CONTEXTS[hook].validate(context), "context.")
        if hook is Hook.ORDER_DISPATCH and not any(context.get(name) for name in _DISPATCHED):
            yield "context.dispatchedOrders", "Missing data for required field."


def _of(messages: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, says in messages.items():
        if isinstance(says, dict):
            yield from _of({str(key): value for key, value in says.items()}, f"{before}{name}.")
        else:
            yield f"{before}{name}", " ".join(str(each) for each in says)
