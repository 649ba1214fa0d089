"""The composition root: from settings to a context, from a context to a Flask app.

The only module that knows every real class. `application` is what a worker process of the web
server calls; commands that need no web call `build_context` alone.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
from flask import Flask

from app import huge, resources
from app.auth.door import door
from app.clients.delegate import read_vendors
from app.clients.ehr import EhrClient
from app.clock import moment
from app.domain.guide import Guide
from app.errors import BadSetup
from app.fhir.capability import capability
from app.fhir.urls import profile
from app.fhir.validate import Limits, Validator
from app.flows.context import Context
from app.flows.demo import load_demo
from app.flows.ehr import register as register_of
from app.flows.eligibility import eligibility_source
from app.rulebook import InForce, folder_in_force, load
from app.settings import Settings, process_environ
from app.store import Store, is_current, migrate
from app.web import errors, host, log, operations, pages, policies
from app.web.cds import origins
from app.web.cds.routes import routes as cds_routes
from app.web.desk.routes import routes as desk_routes
from app.web.fhir.routes import routes as fhir_routes
from app.web.routes import register
from app.web.sandbox import arrivals
from app.web.sandbox.routes import routes as sandbox_routes
from app.web.try_crd import routes as try_crd_routes
from app.web.turn import Turn

_WARMING = 64 * 1024
"""Larger examples use no other profiles, they only take longer."""

SWITCH = 0.001
"""Seconds that a computing thread keeps the interpreter from one that asks for it. Those who ask have
only a moment's work: to hand over an answer that is on the disk, or to read the next request."""

GARBAGE = 20_000
"""New objects between two looks for cycles in a worker. Requests leave nearly none behind, and with
Python's 700 a call is interrupted some thirty times; a few megabytes more pay for a sixteenth of it."""


def prepare(settings: Settings) -> None:
    """Bring the database to this program's shape, and load the demo payer when asked to.

    The embedded database is migrated; another one is only looked at, as it may be shared. Raises
    BadSetup with what the operator has to do.
    """
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        if settings.is_embedded:
            migrate(store)
        elif not is_current(store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        if settings.demo:
            load_demo(store, settings.tenant, load(folder_in_force(_policies(settings))))
    finally:
        store.close()


def warm() -> None:
    """Compile the checks of every profile that our examples use, before the first request needs it.

    `serve` calls this before it forks its workers, which then share the compiled checks.
    """
    for guide in Guide:
        validator = Validator.load(guide.value)
        for path in sorted((resources.data("examples") / "pas" / guide.value).glob("*.json")):
            if path.stat().st_size < _WARMING:
                validator.bundle(orjson.loads(path.read_bytes()), profile.REQUEST_BUNDLE)


def _policies(settings: Settings) -> Path:
    return settings.policies_dir or resources.data("policies")


def build_context(settings: Settings) -> Context:
    """Load what flows need. Raises BadData for a rulebook or fact file that cannot be used."""
    release = version("forthwith")
    validators = {guide: Validator.load(guide.value) for guide in Guide}
    store = Store(settings.database_url, settings.sqlite_sync)
    in_force = InForce(_policies(settings))
    return Context(
        settings=settings,
        store=store,
        in_force=in_force,
        validators=validators,
        capabilities={guide: capability(guide, settings.address, release) for guide in Guide},
        eligibility=eligibility_source(
            settings, store, lambda name: in_force.current().plans.get(name)
        ),
        limits=Limits(settings.max_depth, settings.max_entries, settings.max_body_bytes),
        moment=moment,
        vendors=read_vendors(settings.delegates) if settings.delegates else {},
        version=release,
    )


class _Plain(Flask):
    """Flask looks before each call of a function of ours whether it is a coroutine; none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def build_app(context: Context) -> Flask:
    """The WSGI application: every address of this server, one error handler, one log line a call."""
    app, turn = _Plain("app.web", static_folder=None), Turn()
    context.store.when_waiting(turn.over)
    fetch = EhrClient(register_of(context.store, context.settings), turn).fetch
    log.install(app)
    host.install(app, context.settings)
    errors.install(app)
    operations.install(app, context)
    origins.install(app, context.settings)
    arrivals.install(app, context)
    register(
        app,
        door(context.settings),
        [
            *pages.routes(context),
            *policies.routes(context),
            *operations.routes(app),
            *(route for guide in Guide for route in fhir_routes(context, guide, turn)),
            *(route for guide in Guide for route in cds_routes(context, guide, turn, fetch)),
            *try_crd_routes(context, turn, fetch),
            *sandbox_routes(context, turn, fetch),
            *desk_routes(context, turn),
        ],
    )
    return app


def application() -> Flask:
    """What each worker process of the web server runs: settings from its environment."""
    settings = Settings.from_environ(process_environ())
    settings.check_door()
    log.configure(settings.log_level)
    warm()
    app = build_app(build_context(settings))
    arrivals.keep_soon(app)
    gc.freeze()  # what stays for good is not looked through again and again
    gc.set_threshold(GARBAGE, 20, 50)
    sys.setswitchinterval(SWITCH)
    Thread(target=huge.settle, daemon=True).start()  # it takes some tenths of a second
    return app
