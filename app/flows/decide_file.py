"""Deciding a bundle without storing anything: what `$submit` would answer, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from app.clock import Moment
from app.domain.coverage import Eligibility
from app.domain.decision import Decision
from app.domain.guide import Guide
from app.domain.request import Use
from app.errors import BadData, BadSetup
from app.fhir.kind import Kind, kind_of
from app.fhir.read import read_request
from app.fhir.validate import Limits, Validator
from app.fhir.validate.text import parse
from app.flows.accept import accept, at_the_door, bundle_in
from app.flows.eligibility import StoredMembers, eligibility_source
from app.flows.history import HistorySource, StoredHistory
from app.flows.judge import EligibilitySource, judge
from app.flows.members_import import Import, import_members
from app.rulebook import Rulebook
from app.sealed import sealed
from app.settings import Settings
from app.store import Store, is_current, migrate


@sealed(frozen=True, slots=True)
class Judged:
    """The coverage that was found (None: nobody could say) and the decision."""

    eligibility: Eligibility | None
    decision: Decision


def decide_file(
    raw: bytes,
    guide: Guide,
    source: EligibilitySource,
    rulebook: Rulebook,
    settings: Settings,
    moment: Moment,
    history: HistorySource | None = None,
) -> Judged:
    """Decide the bundle in `raw` as `$submit` or `$predetermine` does; raises what it raises."""
    limits = Limits(settings.max_depth, settings.max_entries, settings.max_body_bytes)
    bundle, _ = bundle_in(parse(raw, limits))
    use = Use.PREDETERMINATION if kind_of(bundle) is Kind.PREDETERMINATION else Use.PREAUTHORIZATION
    accept(bundle, at_the_door(bundle, guide, use), Validator.load(guide.value))
    request = read_request(bundle, guide)
    return Judged(*judge(request, bundle, source, rulebook, settings.namespace, moment, history))


@contextmanager
def members(
    settings: Settings, rulebook: Rulebook, file: Path | None
) -> Iterator[tuple[EligibilitySource, HistorySource]]:
    """Coverages from a member file (nothing was authorized before), or from where the settings say
    with the cases of the database.

    Raises BadData for a file with rows that cannot be used, BadSetup without a usable database.
    """
    if file is None:
        store = Store(settings.database_url, settings.sqlite_sync)
        try:
            if not settings.eligibility_url and not is_current(store):
                raise BadSetup("DATABASE_URL holds no members: name a member file with --members.")
            source = eligibility_source(settings, store, rulebook.plans.get)
            yield source, StoredHistory(store, settings.tenant)
        finally:
            store.close()
        return
    with TemporaryDirectory(prefix="forthwith-") as folder:
        store = Store(f"sqlite:///{folder}/members.sqlite3", "NORMAL")
        try:
            migrate(store)
            report = import_members(Import(store, settings.tenant, rulebook.plans.get), file)
            if report.rejected:
                raise BadData(f"{file}: {report.rejected} rows cannot be used; import it to see.")
            source = StoredMembers(store, settings.tenant, rulebook.plans.get)
            yield source, StoredHistory(store, settings.tenant)
        finally:
            store.close()
