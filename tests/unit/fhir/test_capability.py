"""What we claim is valid FHIR, and the types that we offer to validate are those of FHIR R4."""

from __future__ import annotations

import orjson
import pytest

from app.domain.guide import Guide
from app.fhir.capability import Capability, capability
from app.fhir.urls import core_type
from app.fhir.validate import Validator
from app.fhir.validate.facts import load


@pytest.fixture(params=list(Guide))
def guide(request: pytest.FixtureRequest) -> Guide:
    return request.param


@pytest.fixture
def claims(guide: Guide) -> Capability:
    return capability(guide, "https://payer.example", "1.2.3")


def test_the_statement_has_no_error(guide: Guide, claims: Capability) -> None:
    issues = Validator.load(guide.value).resource(orjson.loads(claims.statement))
    assert [issue for issue in issues if issue.is_error] == []


def test_every_operation_has_no_error_and_says_where_it_stands(
    guide: Guide, claims: Capability
) -> None:
    for name, body in claims.operations.items():
        definition = orjson.loads(body)
        issues = Validator.load(guide.value).resource(definition)
        assert [issue for issue in issues if issue.is_error] == []
        assert definition["id"] == name
        assert definition["url"].endswith(f"/fhir/{guide.value}/OperationDefinition/{name}")


def test_the_types_are_the_concrete_ones_of_the_facts(guide: Guide, claims: Capability) -> None:
    facts = load(guide.value)
    found = set()
    for canonical in facts.canonicals():
        name = canonical.removeprefix(core_type(""))
        structure = facts.structure(core_type(name))
        header = structure.header if structure else {}
        if (header.get("kind"), header.get("version")) == ("resource", "4.0.1"):
            found |= {name} if header["type"] == name and not header.get("abstract") else set()
    assert found == claims.types


def test_every_type_offers_validation_and_the_program_names_its_version(
    claims: Capability,
) -> None:
    statement = orjson.loads(claims.statement)
    offered = {
        resource["type"]
        for resource in statement["rest"][0]["resource"]
        if "validate" in [operation["name"] for operation in resource.get("operation", [])]
    }
    assert offered == claims.types
    assert statement["software"]["version"] == "1.2.3"
