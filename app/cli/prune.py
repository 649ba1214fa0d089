"""Delete what is older than the settings say: told events, finished authorizations, hook records."""

from __future__ import annotations

import argparse

from app.clock import moment
from app.errors import BadSetup
from app.flows.prune import Keep, prune
from app.flows.retire import Visible, retire
from app.settings import Settings
from app.store import Store, is_current

EXAMPLES = """\
examples:
  forthwith prune              delete what is too old, now

`forthwith work` does the same every hour. How long things are kept is set by FORTHWITH_NOTICE_DAYS,
FORTHWITH_INQUIRY_DAYS, FORTHWITH_CRD_RECORD_DAYS and FORTHWITH_CRD_CONTEXT_DAYS. Cases with their logs
and documents are never deleted: an authorization that is long over is no longer found by inquiries.
"""


def configure(_parser: argparse.ArgumentParser) -> None:
    """There is nothing to say."""


def run(_args: argparse.Namespace, settings: Settings) -> int:
    """0: done. BadSetup (2) for a database that is not migrated."""
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        if not is_current(store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        now = moment()
        keep = Keep(settings.crd_record_days, settings.crd_context_days)
        gone = prune(store, settings.tenant, keep, now.now)
        visible = Visible(settings.notice_days, settings.inquiry_days)
        ended = retire(store, settings.tenant, visible, now)
    finally:
        store.close()
    print(f"{gone.calls} hook calls deleted, of {gone.contexts} what they read from the EHR.")
    print(
        f"{ended.notices} told events deleted; {ended.numbers} member numbers no longer find a case."
    )
    return 0
