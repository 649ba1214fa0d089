"""Say which EHR servers a CRD call may ask: add one, list them, remove one.

A server is registered by the base address of its FHIR interface. Only https addresses outside your
own network can be registered; http only when the address says localhost, 127.* or [::1] itself.
"""

from __future__ import annotations

import argparse

from app.clock import moment
from app.flows.ehr import add, listed, remove
from app.settings import Settings
from app.store import Store, migrate

EXAMPLES = """\
examples:
  forthwith ehr add https://ehr.northside.example/fhir           register a server
  forthwith ehr add https://ehr.northside.example/fhir --batch   one that takes batch bundles
  forthwith ehr list                                             who may be asked
  forthwith ehr remove https://ehr.northside.example/fhir        stop asking at once

FORTHWITH_EHR_SERVERS names servers, too; those are removed there.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="add|list|remove")
    adding = actions.add_parser("add", help="register a server", allow_abbrev=False)
    adding.add_argument("address", help="the base address of its FHIR interface")
    adding.add_argument(
        "--batch", action="store_true", help="it takes several reads in one batch bundle"
    )
    actions.add_parser("list", help="show who may be asked", allow_abbrev=False)
    removing = actions.add_parser("remove", help="stop asking a server", allow_abbrev=False)
    removing.add_argument("address", help="the base address as it is listed")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: done; 1: there was no such server. Raises BadSetting for an address that cannot be used."""
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        migrate(store)
        if args.action == "add":
            server = add(store, settings.tenant, args.address, moment().now, batch=args.batch)
            print(f"{server.base} may be asked during CRD calls.")
        elif args.action == "remove":
            if not remove(store, settings.tenant, args.address):
                print(f"{args.address} is not registered here.")
                return 1
            print(f"{args.address} is not asked any more.")
        else:
            _show(store, settings)
        return 0
    finally:
        store.close()


def _show(store: Store, settings: Settings) -> None:
    found = listed(store, settings.tenant, settings)
    for each in found:
        notes = ["batch"] if each.server.batch else []
        notes += ["by FORTHWITH_EHR_SERVERS"] if each.by_setting else []
        print("  ".join([each.server.base, *notes]))
    if not found:
        print("No EHR server is registered: CRD answers with what a request brings along.")
