"""The demo payer's members and coverages: loaded once, into a store that has none."""

from __future__ import annotations

from app import resources
from app.errors import BadData
from app.flows.members_import import Import, import_members
from app.rulebook import Rulebook
from app.store import Store

FILE = "demo/fairwater.ndjson"


def load_demo(store: Store, tenant: str, rulebook: Rulebook) -> bool:
    """True when the demo members were loaded, False when there are members already.

    Raises BadData when the file does not fit the rulebook: then nothing is loaded.
    """
    with store.read(tenant) as look:
        if not look.members.is_empty():
            return False
    path = resources.data("examples") / FILE
    report = import_members(Import(store, tenant, rulebook.plans.get), path)
    if report.rejected:
        raise BadData(f"{path} names {report.rejected} rows that cannot be used: import it to see.")
    return True
