"""The envelope of a hook call (CDS Hooks 2.0 and 3.0), as far as anything is done with it.

`hookInstance` is kept but never trusted to be unique or a UUID: some clients send a constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.crd import Hook
from app.domain.ehr import EhrAccess, Scopes
from app.fhir.read.values import part, text
from app.sealed import sealed

Json = dict[str, Any]
_REQUESTED = "davinci-crd.requestedVersion"
_CONFIGURATION = "davinci-crd.configuration"


_EVERYTHING = "user/*.rs"


@sealed(frozen=True, slots=True)
class Call:
    """One call of a service."""

    hook: Hook
    instance: str
    context: Mapping[str, Any]
    prefetch: Mapping[str, Any]
    access: EhrAccess | None
    configuration: Mapping[str, Any]
    requested_version: str
    options: Mapping[str, bool | int]

    @property
    def patient(self) -> str:
        """The bare id of the patient."""
        return text(self.context, "patientId").removeprefix("Patient/")

    @property
    def encounter(self) -> str:
        """The bare id of the encounter, "" when the hook does not say."""
        return text(self.context, "encounterId").removeprefix("Encounter/")

    @property
    def user(self) -> str:
        """`Type/id` of who sits before the screen, "" when the hook does not say."""
        return text(self.context, "userId")

    def wants(self, option: str) -> bool:
        """Whether a boolean option is on: as the client says, else as discovery does.

        A value of another type counts as unset; what discovery does not offer on this hook is off.
        """
        value = self.configuration.get(option)
        offered = self.options.get(option, False)
        return bool(value if isinstance(value, bool) and option in self.options else offered)

    @property
    def most_cards(self) -> int:
        """The upper bound of cards."""
        value = self.configuration.get("max-cards")
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        return self.options["max-cards"]


def read_call(document: Json, hook: Hook, options: Mapping[str, bool | int]) -> Call:
    """The call of `hook` in a checked envelope; `options` are those of discovery with defaults."""
    extension = part(document, "extension")
    return Call(
        hook=hook,
        instance=text(document, "hookInstance"),
        context=part(document, "context"),
        prefetch=part(document, "prefetch"),
        access=_access(document),
        configuration=part(extension, _CONFIGURATION),
        requested_version=text(extension, _REQUESTED),
        options=options,
    )


def _access(document: Json) -> EhrAccess | None:
    """The EHR's server and token. A call that names no scopes leaves it to the server to refuse."""
    server = text(document, "fhirServer").rstrip("/")
    if not server:
        return None
    granted = part(document, "fhirAuthorization")
    scopes = Scopes.of(text(granted, "scope").strip() or _EVERYTHING)
    return EhrAccess(server, text(granted, "access_token"), scopes)
