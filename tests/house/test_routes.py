"""Who may call is declared for every address, and what we claim is what the addresses answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask

from app.auth.door import door
from app.auth.roles import HOLDS
from app.auth.scopes import Scope
from app.domain.guide import Guide
from app.domain.principal import Role
from app.factory import build_app, build_context
from app.flows.context import Context
from app.settings import Settings
from app.web.routes import PUBLIC, Route, register

GUIDES = [guide.value for guide in Guide]
INTERACTIONS = {
    "read": lambda kind: ("GET", f"{kind}/<name>"),
    "vread": lambda kind: ("GET", f"{kind}/<name>/_history/<version>"),
    "search-type": lambda kind: ("GET", kind),
    "create": lambda kind: ("POST", kind),
    "update": lambda kind: ("PUT", f"{kind}/<name>"),
    "delete": lambda kind: ("DELETE", f"{kind}/<name>"),
}
DESCRIBING = ("metadata",)  # what describes needs no description


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    place = tmp_path_factory.mktemp("routes") / "empty.sqlite3"
    return build_context(Settings.from_environ({"DATABASE_URL": f"sqlite:///{place}"}))


@pytest.fixture(scope="module")
def app(context: Context) -> Flask:
    return build_app(context)


def plain(rule: str) -> str:
    """A rule without converters: `<name>` is `<name>`."""
    return re.sub(r"<\w+:", "<", rule)


def addresses(app: Flask) -> dict[tuple[str, str], Any]:
    """(method, rule) → what the view declares about who may call it."""
    return {
        (method, plain(rule.rule)): getattr(app.view_functions[rule.endpoint], "access", None)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def claims(app: Flask, guide: str) -> set[tuple[str, str]]:
    """(method, rule below the guide's base) of everything that the CapabilityStatement claims."""
    statement = orjson.loads(app.test_client().get(f"/fhir/{guide}/metadata").data)
    found = set()
    for resource in statement["rest"][0]["resource"]:
        for interaction in resource.get("interaction", []):
            found.add(INTERACTIONS[interaction["code"]](resource["type"]))
        for operation in resource.get("operation", []):
            found.add(("POST", f"{resource['type']}/${operation['name']}"))
    for operation in statement["rest"][0].get("operation", []):
        found.add(("POST", f"${operation['name']}"))
    return found


def matches(rule: str, claimed: str) -> bool:
    """Whether a route such as `<kind>/$validate` answers `Claim/$validate`."""
    pattern = "".join(
        "[A-Za-z]+" if part.startswith("<kind") else re.escape(part)
        for part in re.split(r"(<kind>)", rule)
    )
    return re.fullmatch(pattern, claimed) is not None


def as_claimed(method: str, rule: str) -> tuple[str, str]:
    """An operation is claimed once for its type, whether by GET or POST, of a type or of one."""
    return ("POST", rule.replace("/<name>/$", "/$")) if "$" in rule else (method, rule)


def routed(app: Flask, guide: str) -> set[tuple[str, str]]:
    base = f"/fhir/{guide}/"
    return {
        as_claimed(method, rule.removeprefix(base))
        for method, rule in addresses(app)
        if rule.startswith(base) and rule.removeprefix(base) not in DESCRIBING
    }


def test_every_address_names_a_scope_or_is_on_the_public_list(app: Flask) -> None:
    undeclared = [
        (method, rule)
        for (method, rule), access in addresses(app).items()
        if not isinstance(access, Scope) and rule not in {plain(each) for each in PUBLIC}
    ]
    assert undeclared == []


def test_no_address_that_changes_or_shows_a_case_is_public(app: Flask) -> None:
    public = [key for key, access in addresses(app).items() if not isinstance(access, Scope)]
    assert not [rule for _, rule in public if "Claim" in rule]
    lists = "/ValueSet"  # operations on the public lists change nothing, also when they are POSTed
    assert {method for method, rule in public if lists not in rule} == {"GET"}
    assert not [rule for _, rule in public if "$" in rule and lists not in rule]


def test_the_public_list_holds_no_address_that_is_gone(app: Flask) -> None:
    assert {rule for _, rule in addresses(app)} >= {plain(rule) for rule in PUBLIC}


def test_a_route_without_scope_that_is_not_public_stops_the_start(context: Context) -> None:
    stray = Route("/stray", "GET", "stray", lambda: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(LookupError, match="/stray"):
        register(Flask(__name__), door(context.settings), [stray])


def test_every_scope_is_held_by_some_role_and_every_role_has_a_row() -> None:
    assert set(HOLDS) == set(Role)
    assert frozenset().union(*HOLDS.values()) == set(Scope)


@pytest.mark.parametrize("guide", GUIDES)
def test_everything_claimed_has_a_route(app: Flask, guide: str) -> None:
    routes = routed(app, guide)
    unanswered = [
        (method, claimed)
        for method, claimed in claims(app, guide)
        if not any(method == its and matches(rule, claimed) for its, rule in routes)
    ]
    assert unanswered == []


@pytest.mark.parametrize("guide", GUIDES)
def test_every_fhir_route_is_claimed(app: Flask, guide: str) -> None:
    claimed = claims(app, guide)
    unclaimed = [
        (method, rule)
        for method, rule in routed(app, guide)
        if not any(method == its and matches(rule, what) for its, what in claimed)
    ]
    assert unclaimed == []


@pytest.mark.parametrize("guide", GUIDES)
def test_every_operation_that_is_ours_is_defined_at_the_address_it_names(
    app: Flask, guide: str
) -> None:
    client = app.test_client()
    statement = orjson.loads(client.get(f"/fhir/{guide}/metadata").data)
    for resource in statement["rest"][0]["resource"]:
        for operation in resource.get("operation", []):
            place = re.fullmatch(r"http://127\.0\.0\.1:8080(/.*)", operation["definition"])
            if place:
                answer = client.get(place[1])
                assert answer.status_code == 200
                assert orjson.loads(answer.data)["resourceType"] == "OperationDefinition"


@pytest.mark.parametrize("guide", GUIDES)
def test_each_operation_definition_speaks_of_an_operation_with_a_route(
    context: Context, app: Flask, guide: str
) -> None:
    for body in context.capabilities[Guide(guide)].operations.values():
        definition = orjson.loads(body)
        for kind in definition["resource"]:
            assert any(
                matches(rule, f"{kind}/${definition['code']}") for _, rule in routed(app, guide)
            )


def test_nothing_outside_the_package_is_found_from_where_a_module_lies() -> None:
    """Such a path would work in a checkout and fail in a wheel; app/resources.py knows both."""
    root = Path(__file__).resolve().parents[2] / "app"
    strays = [
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"__file__.*(parents|parent\.parent)", path.read_text("utf-8"))
    ]
    assert strays == []
