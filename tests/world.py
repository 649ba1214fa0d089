"""The demo payer's server, ready to be asked: used by the spec, http and generative tests.

The instant is fixed (2026-11-25 15:00 UTC), identifiers are fresh. Members and policies are the demo
payer's; the database is a copy of one that was prepared once.
"""

from __future__ import annotations

import copy
import functools
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import clock, resources
from app.auth.door import door
from app.clock import Moment
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import Issue
from app.factory import build_app, build_context, prepare
from app.fhir.urls import ext, profile
from app.flows.context import Context
from app.flows.eligibility import eligibility_source
from app.settings import Settings
from app.store import Store, migrate

Json = dict[str, Any]

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
FHIR_JSON = "application/fhir+json"


def fixed_moment() -> Moment:
    """Always the same instant; identifiers as in production."""
    return replace(clock.moment(), now=NOW)


@functools.cache
def prepared() -> Path:
    """A database with the demo payer's members, made once in a test run."""
    folder = Path(tempfile.mkdtemp(prefix="forthwith-tests-"))
    prepare(settings(folder / "prepared.sqlite3"))
    return folder / "prepared.sqlite3"


def settings(place: Path, **more: str) -> Settings:
    """The demo payer on an SQLite file."""
    return Settings.from_environ(
        {"DATABASE_URL": f"sqlite:///{place}", "FORTHWITH_DEMO": "on", **more}
    )


def settled(url: str) -> World:
    """A server on an empty database of another kind, migrated and with the demo members."""
    store = Store(url)
    migrate(store)
    store.close()
    chosen = Settings.from_environ({"DATABASE_URL": url, "FORTHWITH_DEMO": "on"})
    prepare(chosen)
    context = replace(build_context(chosen), moment=fixed_moment)
    return World(context, build_app(context).test_client())


def new_context(folder: Path, **more: str) -> Context:
    """A context with a database of its own below `folder`."""
    place = folder / f"{uuid.uuid4().hex}.sqlite3"
    shutil.copy(prepared(), place)
    chosen = settings(place, **more)
    if more:
        return replace(build_context(chosen), moment=fixed_moment)
    store, shared = Store(chosen.database_url), _shared()
    source = eligibility_source(chosen, store, shared.rulebook.plans.get)
    return replace(shared, settings=chosen, store=store, eligibility=source)


@functools.cache
def _shared() -> Context:
    """What contexts with the same settings have in common: rulebook, profiles, descriptions."""
    return replace(build_context(settings(prepared())), moment=fixed_moment)


@dataclass(frozen=True, slots=True)
class World:
    """A context, its caller and its web client."""

    context: Context
    client: FlaskClient

    @property
    def caller(self) -> Principal:
        """The one caller of a server without authentication."""
        return door(self.context.settings)("")

    def submit(self, bundle: Json | bytes, guide: Guide, **headers: str) -> TestResponse:
        """POST a bundle to Claim/$submit."""
        body = bundle if isinstance(bundle, bytes) else orjson.dumps(bundle)
        return self.client.post(
            f"/fhir/{guide.value}/Claim/$submit",
            data=body,
            content_type=FHIR_JSON,
            headers=headers,
        )

    def answer(self, bundle: Json, guide: Guide) -> Json:
        """The response bundle of a submission that must succeed, checked against its profile."""
        response = self.submit(bundle, guide)
        assert response.status_code == 200, response.data
        found: Json = orjson.loads(response.data)
        assert self.errors(found, guide) == []
        keep(response.data, guide)
        return found

    def errors(self, answer: Json, guide: Guide) -> list[Issue]:
        """What our validator says against a response bundle."""
        issues = self.context.validators[guide].bundle(answer, profile.RESPONSE_BUNDLE)
        return [issue for issue in issues if issue.is_error]


def keep(answer: bytes, guide: str) -> None:
    """Leave an answer for HL7's engine, when a conformance run asks for it (`make conformance`).

    `guide` is a PAS version, or `crd-` and a CRD version for `{"resource", "profile"}`.
    """
    folder = os.environ.get("FORTHWITH_KEEP_ANSWERS")
    if folder:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition("::")[2].partition(" ")[0]
        name = f"{guide}_{test.replace('/', '-')}_{uuid.uuid4().hex[:6]}.json"
        (Path(folder) / name).write_bytes(answer)


def new_world(folder: Path, **more: str) -> World:
    """A server of its own."""
    context = new_context(folder, **more)
    return World(context, build_app(context).test_client())


def examples(guide: Guide) -> Iterator[str]:
    """The names of all request examples of a guide version."""
    for path in sorted((resources.data("examples") / "pas" / guide.value).glob("*.json")):
        yield path.stem


@functools.cache
def _read(name: str, guide: Guide) -> bytes:
    return (resources.data("examples") / "pas" / guide.value / f"{name}.json").read_bytes()


def example(name: str, guide: Guide) -> Json:
    """An example bundle as parsed JSON, with a Bundle.identifier of its own."""
    bundle: Json = copy.deepcopy(orjson.loads(_read(name, guide)))
    bundle["identifier"]["value"] = uuid.uuid4().hex
    return bundle


def claim_of(bundle: Json) -> Json:
    """The Claim of a request bundle."""
    return resource_of(bundle, "Claim")


def resource_of(bundle: Json, kind: str) -> Json:
    """The first resource of a type; StopIteration when there is none."""
    return next(
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind
    )


def actions(answer: Json) -> dict[int, str]:
    """item sequence → review action code (A1, A3, A4, A6) of a response bundle."""
    response = answer["entry"][0]["resource"]
    return {item["itemSequence"]: _action(item) for item in response.get("item", [])}


def _action(item: Json) -> str:
    for adjudication in item["adjudication"]:
        for extension in adjudication.get("extension", []):
            if extension["url"] == ext.REVIEW_ACTION:
                for part in extension["extension"]:
                    if part["url"] == ext.REVIEW_ACTION_CODE:
                        return str(part["valueCodeableConcept"]["coding"][0]["code"])
    return ""
