"""The suites that are run: what each is given and how the product is set up for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.domain.guide import Guide
from conformance.inferno import crd_inputs, pas_inputs, stage
from conformance.inferno.api import Waiting
from conformance.inferno.stage import Product

Json = dict[str, Any]


def nothing(_product: Product) -> None:
    """No preparation beyond what `make run` does."""


def enter_a_fax(guide: str) -> Callable[[Product], None]:
    """Enter a request that came by fax, so that an inquiry finds an authorization without a Claim."""

    def enter(product: Product) -> None:
        place = product.folder / "fax.json"
        place.write_text(json.dumps(pas_inputs.faxed(guide).bundle), "utf-8")
        product.command("enter", str(place), "--by", "fax", "--version", guide)

    return enter


def after_a_while(_waiting: Waiting) -> bool:
    """Follow the way on: whoever is to call has had two seconds and more."""
    return True


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite of Inferno.

    `guide` is the name that HL7's engine is started with; `inputs` makes the inputs from the
    product's address; `settings` are set beside those of `make run`, and docs/inferno.md names
    them; `prepare` does with the running product what any partner would ask its operator for;
    `attend` says when the link of a waiting test may be followed; `left_out` are the types of order
    that Inferno is not given, because the packages at hand refuse any answer about them.
    """

    id: str
    title: str
    kit: str
    guide: str
    inputs: Callable[[str], Mapping[str, Any]]
    settings: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Product], None] = nothing
    attend: Callable[[Waiting], bool] = after_a_while
    minutes: float = 45
    left_out: tuple[str, ...] = ()


def ehr(suite: str) -> Callable[[Product], None]:
    """Register the EHR that Inferno plays in a suite, so that hook calls may ask it."""

    def register(product: Product) -> None:
        where = stage.place() if stage.is_address(stage.place()) else stage.LOCAL
        product.command("ehr", "add", f"{where}/custom/{suite}/fhir")

    return register


PAS: Final = {
    "FORTHWITH_CONTESTED_EXTENSIONS": "on",
    "FORTHWITH_DEMO_REVIEWER": "on",
    "FORTHWITH_DEMO_REVIEWER_PATIENCE": "3600",
}
"""Every element shown, a person who decides, and time for documents: a run may take many minutes."""

SUITES: Final = {
    suite.id: suite
    for suite in (
        Suite(
            id="davinci_pas_server_suite_v221",
            title="PAS 2.2.1",
            kit="davinci_pas_test_kit",
            guide="pas-2.2",
            inputs=pas_inputs.for_22,
            settings=PAS,
            prepare=enter_a_fax("2.2"),
        ),
        Suite(
            id="davinci_pas_server_suite_v201",
            title="PAS 2.0.1",
            kit="davinci_pas_test_kit",
            guide="pas-2.0",
            inputs=pas_inputs.for_20,
            settings=PAS,
            prepare=enter_a_fax("2.0"),
        ),
        Suite(
            id="crd_server_v221",
            title="CRD 2.2.1",
            kit="davinci_crd_test_kit",
            guide="crd-2.2",
            inputs=crd_inputs.for_22,
            left_out=crd_inputs.UNJUDGED[Guide.V22],
            prepare=ehr("crd_server_v221"),
        ),
        Suite(
            id="crd_server",
            title="CRD 2.0.1",
            kit="davinci_crd_test_kit",
            guide="crd-2.0",
            inputs=crd_inputs.for_20,
            left_out=crd_inputs.UNJUDGED[Guide.V20],
            prepare=ehr("crd_server"),
        ),
    )
}
