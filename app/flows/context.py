"""Everything a flow needs, made once by the factory and handed down; nothing here is global."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.clients.delegate import Vendor
from app.clock import Moment
from app.domain.guide import Guide
from app.fhir.capability import Capability
from app.fhir.urls import GUIDES
from app.fhir.urls import Guide as Published
from app.fhir.validate import Limits, Validator
from app.flows.judge import EligibilitySource
from app.rulebook import InForce, Rulebook
from app.sealed import sealed
from app.settings import Settings
from app.store import Store


@sealed(frozen=True, slots=True)
class Context:
    """The collaborators of the flows. `moment` gives the present instant, once for each call; `vendors` are
    the companies that are asked over HTTP to review, by their id in the rulebook.
    """

    settings: Settings
    store: Store
    in_force: InForce
    validators: Mapping[Guide, Validator]
    capabilities: Mapping[Guide, Capability]
    eligibility: EligibilitySource
    limits: Limits
    moment: Callable[[], Moment]
    vendors: Mapping[str, Vendor]
    version: str

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook in force now: read it once for each request."""
        return self.in_force.current()

    @property
    def guides(self) -> tuple[Published, ...]:
        """The guide versions that are served."""
        return tuple(GUIDES.values())

    def base(self, guide: Guide) -> str:
        """The address under which a guide version is served."""
        return f"{self.settings.address}/fhir/{guide.value}"

    def attachments(self, guide: Guide) -> str:
        """The address at which documents that were asked for are taken (CDex)."""
        return f"{self.base(guide)}/$submit-attachment"
