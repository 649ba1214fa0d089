"""The tables (private to `app.store`). Every key starts with the tenant; no sequences, no JSON types.

Rows of `events`, `decisions`, `inquiries` and `inquiry_cases` are written once: triggers refuse UPDATE and
DELETE (migrations/versions/0001_first.py, 0020_inquiries_once.py).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.types import Instant, Key

NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}

metadata = MetaData(naming_convention=NAMES)


def _text(name: str, **kinds: Any) -> Column[str]:
    return Column(name, Text, nullable=False, **kinds)


def _to(columns: tuple[str, ...], table: str, *keys: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ("tenant", *columns), [f"{table}.{key}" for key in ("tenant", *keys)]
    )


meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    _text("value"),
)
"""One row that migrations lock, so that processes which start together take turns."""

documents = Table(
    "documents",
    metadata,
    _text("tenant"),
    Column("id", Key, nullable=False),
    _text("kind"),
    _text("media_type"),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("dictionary", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    CheckConstraint("kind in ('received', 'sent')", name="kind"),
    CheckConstraint("length(sha256) = 32", name="sha256"),
)
"""Bytes exactly as received or sent, under zstd; `dictionary` 0 means without one."""

WAITS = "state IN ('in-review', 'awaiting-information', 'with-delegate')"

cases = Table(
    "cases",
    metadata,
    _text("tenant"),
    Column("id", Key, nullable=False),
    _text("number"),
    _text("guide"),
    _text("state"),
    _text("submitter"),
    _text("requestor_npi"),
    _text("member_id"),
    _text("plan"),
    _text("line"),
    Column("received_at", Instant, nullable=False),
    Column("due", Instant),
    _text("authorization_number"),
    _text("rulebook"),
    Column("born", Date),
    Column("diagnoses", Text),
    _text("review", server_default="prospective"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "number"),
    Index(None, "tenant", "member_id", "requestor_npi"),
    Index(None, "tenant", "due", sqlite_where=text(WAITS), postgresql_where=text(WAITS)),
    CheckConstraint("number <> ''", name="number"),
    CheckConstraint(
        "state in ('received', 'decided', 'in-review', 'awaiting-information', 'with-delegate',"
        " 'rejected', 'cancelled')",
        name="state",
    ),
    CheckConstraint(
        "due is not null or state not in ('in-review', 'awaiting-information', 'with-delegate')",
        name="waits_until",
    ),
    sqlite_with_rowid=False,
)
"""A waiting case always has an instant by which it must be decided. `born` and `diagnoses` (codes with
a space before and after each) are as the request says; NULL where only the request itself tells."""

case_items = Table(
    "case_items",
    metadata,
    _text("tenant"),
    Column("case_id", Key, nullable=False),
    Column("sequence", Integer, nullable=False),
    _text("service_system"),
    _text("service_code"),
    _text("outcome"),
    _text("authorization_number"),
    _text("review_reference"),
    Column("starts", Date),
    Column("ends", Date),
    _text("ordering_npis"),
    _text("rendering_npis"),
    _text("policy_id"),
    _text("policy_version"),
    _text("policy_sha256"),
    PrimaryKeyConstraint("tenant", "case_id", "sequence"),
    _to(("case_id",), "cases", "id"),
    CheckConstraint("sequence > 0", name="sequence"),
    CheckConstraint(
        "outcome in ('approved', 'modified', 'pended', 'not-covered', 'not-required', 'denied',"
        " 'cancelled', '')",
        name="outcome",
    ),
    CheckConstraint("starts <= ends", name="period"),
    sqlite_with_rowid=False,
)
"""The current state of each item. NPIs stand in a list with spaces, as an item may have several;
they are only looked at within one member's cases. `outcome` is empty where none was reached."""

GIVEN = "kind IN ('authorization', 'review')"

case_numbers = Table(
    "case_numbers",
    metadata,
    _text("tenant"),
    _text("value"),
    _text("kind"),
    Column("case_id", Key, nullable=False),
    Column("sequence", Integer, nullable=False),
    _text("system"),
    PrimaryKeyConstraint("tenant", "case_id", "sequence", "kind", "value"),
    _to(("case_id",), "cases", "id"),
    Index(None, "tenant", "value", sqlite_where=text(GIVEN), postgresql_where=text(GIVEN)),
    CheckConstraint("kind in ('case', 'authorization', 'review', 'trace')", name="kind"),
    sqlite_with_rowid=False,
)
"""Every number under which a case or an item may be asked for; `sequence` 0 is the whole case. By those
that were given with an answer a case is found; its own number stands in `cases`."""

case_members = Table(
    "case_members",
    metadata,
    _text("tenant"),
    _text("key"),
    Column("case_id", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "key", "case_id"),
    _to(("case_id",), "cases", "id"),
    sqlite_with_rowid=False,
)
"""Under which member numbers a case may be asked for: as the sender wrote them and as the payer
knows them, in the form in which they are compared. Opinions (predeterminations) are not in it."""

inquiries = Table(
    "inquiries",
    metadata,
    _text("tenant"),
    Column("id", Key, nullable=False),
    Column("at", Instant, nullable=False),
    _text("guide"),
    _text("caller"),
    _text("members"),
    _text("npis"),
    Column("shown", Integer, nullable=False),
    Column("withheld", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    CheckConstraint("caller <> ''", name="caller"),
    CheckConstraint("shown >= 0 and withheld >= 0", name="counts"),
    sqlite_with_rowid=False,
)
"""Who asked about whom, also when nothing was found. `members` and `npis` are lists with spaces."""

inquiry_cases = Table(
    "inquiry_cases",
    metadata,
    _text("tenant"),
    Column("case_id", Key, nullable=False),
    Column("inquiry", Key, nullable=False),
    Column("shown", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "case_id", "inquiry"),
    _to(("case_id",), "cases", "id"),
    _to(("inquiry",), "inquiries", "id"),
    CheckConstraint("shown in (0, 1)", name="shown"),
    sqlite_with_rowid=False,
)
"""The cases that an inquiry showed, and (0) those that it kept back."""

decisions = Table(
    "decisions",
    metadata,
    _text("tenant"),
    Column("case_id", Key, nullable=False),
    Column("id", Key, nullable=False),
    Column("made_at", Instant, nullable=False),
    _text("rulebook"),
    _text("reviewer"),
    Column("dictionary", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "case_id", "id"),
    _to(("case_id",), "cases", "id"),
)
"""The neutral decision with the coverage it used, whole (JSON under zstd). `reviewer` is empty when
no person looked."""

events = Table(
    "events",
    metadata,
    _text("tenant"),
    Column("case_id", Key, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("id", Key, nullable=False),
    _text("kind"),
    Column("at", Instant, nullable=False),
    _text("actor"),
    _text("data"),
    PrimaryKeyConstraint("tenant", "case_id", "sequence"),
    _to(("case_id",), "cases", "id"),
    CheckConstraint("sequence > 0", name="sequence"),
    CheckConstraint("actor <> ''", name="actor"),
    sqlite_with_rowid=False,
)

submissions = Table(
    "submissions",
    metadata,
    _text("tenant"),
    _text("submitter"),
    Column("transaction_key", LargeBinary(32), nullable=False),
    _text("system"),
    _text("value"),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("case_id", Key, nullable=False),
    Column("request", Key, nullable=False),
    Column("answer", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "submitter", "transaction_key"),
    _to(("case_id",), "cases", "id"),
    CheckConstraint("length(sha256) = 32", name="sha256"),
    sqlite_with_rowid=False,
)
"""What makes a repeated submit harmless. `transaction_key` is the hash of system and value, since a
sender's identifier may be longer than an index allows. Its documents come in the same transaction and
stay; a foreign key would need an index for each, only to ask when another document is deleted."""

resources = Table(
    "resources",
    metadata,
    _text("tenant"),
    _text("kind"),
    _text("id"),
    Column("version", Integer, nullable=False),
    _text("guide"),
    _text("submitter"),
    Column("case_id", Key, nullable=False),
    Column("document", Key, nullable=False),
    _text("pointer"),
    PrimaryKeyConstraint("tenant", "id", "kind", "version"),
    _to(("case_id",), "cases", "id"),
    CheckConstraint("version > 0", name="version"),
    sqlite_with_rowid=False,
)
"""Public ids of what may be read one by one, and where in which document it stands."""

request_names = Table(
    "request_names",
    metadata,
    _text("tenant"),
    _text("submitter"),
    _text("name"),
    _text("kind"),
    Column("case_id", Key, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "submitter", "name", "kind", "case_id", "version"),
    _to(("case_id",), "cases", "id"),
    Index(
        "request_names_adopted_key",
        "tenant",
        "submitter",
        "name",
        unique=True,
        sqlite_where=text("kind = 'adopted'"),
        postgresql_where=text("kind = 'adopted'"),
    ),
    CheckConstraint("kind in ('url', 'identifier', 'adopted')", name="kind"),
    CheckConstraint("version >= 0", name="version"),
    sqlite_with_rowid=False,
)
"""How a sender may speak of an earlier request, and which version of the case is meant: 1 is the
first that we received. Of one prior request that we never saw only one case is made (`adopted`)."""

payers = Table(
    "payers",
    metadata,
    _text("tenant"),
    _text("ref"),
    _text("name"),
    _text("identifiers"),
    Column("digest", LargeBinary(16), nullable=False),
    PrimaryKeyConstraint("tenant", "ref"),
    sqlite_with_rowid=False,
)
"""The organizations that this server answers for; `identifiers` is a JSON list of [system, value]."""

persons = Table(
    "persons",
    metadata,
    _text("tenant"),
    _text("ref"),
    _text("family"),
    _text("given"),
    Column("birth_date", Date, nullable=False),
    _text("gender"),
    _text("language"),
    _text("state"),
    _text("tags"),
    _text("numbers"),
    Column("digest", LargeBinary(16), nullable=False),
    PrimaryKeyConstraint("tenant", "ref"),
    sqlite_with_rowid=False,
)
"""The payer's members. `tags` and `numbers` are JSON lists; `digest` tells whether a file brings
anything new."""

coverages = Table(
    "coverages",
    metadata,
    _text("tenant"),
    _text("ref"),
    _text("person"),
    _text("member_id"),
    _text("subscriber_id"),
    Column("dependent", Integer, nullable=False),
    _text("plan"),
    Column("starts", Date),
    Column("ends", Date),
    _text("group_id"),
    Column("pays", Integer, nullable=False),
    _text("used"),
    _text("numbers"),
    Column("digest", LargeBinary(16), nullable=False),
    PrimaryKeyConstraint("tenant", "person", "ref"),
    UniqueConstraint("tenant", "ref"),
    CheckConstraint("starts <= ends", name="period"),
    CheckConstraint("dependent in (0, 1)", name="dependent"),
    sqlite_with_rowid=False,
)
"""A person under a plan. `pays` is the order of payment (0 not known); an open end is NULL. The keys
here are in the order in which SQLite, without statistics, chooses the right index."""

paid_services = Table(
    "paid_services",
    metadata,
    _text("tenant"),
    _text("ref"),
    _text("person"),
    _text("services"),
    Column("digest", LargeBinary(16), nullable=False),
    PrimaryKeyConstraint("tenant", "person", "ref"),
    UniqueConstraint("tenant", "ref"),
    sqlite_with_rowid=False,
)
"""The paid lines of one claim of a person: what policies look back on. `services` is JSON."""

member_numbers = Table(
    "member_numbers",
    metadata,
    _text("tenant"),
    _text("source"),
    _text("key"),
    _text("person"),
    PrimaryKeyConstraint("tenant", "source", "key"),
    Index(None, "tenant", "key", "person"),
    sqlite_with_rowid=False,
)
"""Every number, in the form in which it is compared, under which a person may be asked for. `source`
is the row that it comes from, so that a changed row takes its old numbers along."""

ehr_servers = Table(
    "ehr_servers",
    metadata,
    _text("tenant"),
    _text("base"),
    Column("batch", Integer, nullable=False),
    Column("added_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "base"),
    CheckConstraint("batch in (0, 1)", name="batch"),
    sqlite_with_rowid=False,
)
"""FHIR servers of EHRs that may be called during a hook call."""

hook_calls = Table(
    "hook_calls",
    metadata,
    _text("tenant"),
    Column("id", Key, nullable=False),
    Column("at", Instant, nullable=False),
    _text("guide"),
    _text("hook"),
    Column("milliseconds", Integer, nullable=False),
    Column("status", Integer, nullable=False),
    _text("record"),
    Column("request", Key),
    Column("answer", Key),
    Column("fetched", Key),
    Column("guidance", Text, nullable=False, server_default="[]"),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "at"),
    Index(None, "tenant", "request"),
    Index(None, "tenant", "answer"),
    _to(("request",), "documents", "id"),
    _to(("answer",), "documents", "id"),
    CheckConstraint("milliseconds >= 0", name="milliseconds"),
    Index(
        "hook_calls_fetched_idx",
        "tenant",
        "at",
        sqlite_where=text("fetched IS NOT NULL"),
        postgresql_where=text("fetched IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
"""One row for each hook call. `record` is JSON after the CRD metric model: codes, numbers and ids.
The documents are the audit record: what was asked, without its token, and what was answered. `fetched`
is what the EHR was asked for besides (no foreign key: SQLite cannot add one to a table), `guidance`
JSON of the policy version behind each line."""

trail = Table(
    "trail",
    metadata,
    _text("tenant"),
    _text("name"),
    _text("kind"),
    Column("id", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "name", "kind", "id"),
    CheckConstraint("kind in ('call', 'case')", name="kind"),
    sqlite_with_rowid=False,
)
"""By which names a hook call or a case is found: an order as the EHR names it (`DeviceRequest/o1`), a
coverage assertion id, an authorization number. It ties hook, order, assertion and case together."""

card_feedback = Table(
    "card_feedback",
    metadata,
    _text("tenant"),
    Column("id", Key, nullable=False),
    Column("at", Instant, nullable=False),
    _text("service"),
    _text("card"),
    _text("outcome"),
    _text("suggestions"),
    _text("reason"),
    _text("comment"),
    _text("happened"),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "card"),
    CheckConstraint("outcome in ('accepted', 'overridden')", name="outcome"),
    sqlite_with_rowid=False,
)
"""What clients report about the cards they showed. `suggestions` is a list of ids with spaces,
`reason` is `system|code`."""

delegations = Table(
    "delegations",
    metadata,
    _text("tenant"),
    Column("id", Key, nullable=False),
    Column("case_id", Key, nullable=False),
    _text("delegate"),
    _text("state"),
    Column("opened_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    _text("error"),
    Column("due_at", Instant),
    Column("lease", Key),
    Column("leased_until", Instant),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "case_id"], ["cases.tenant", "cases.id"]),
    Index(None, "tenant", "case_id"),
    Index(None, "tenant", "due_at"),
    CheckConstraint("state in ('open', 'asked', 'decided', 'given-back')", name="state"),
    sqlite_with_rowid=False,
)
"""One case at one company that reviews for the payer; whoever holds `lease` calls it. `due_at` is when
it is called next, NULL when never (docs/adr/0022)."""

UNCLAIMED = "case_id IS NULL AND reported_at IS NULL"

held_attachments = Table(
    "held_attachments",
    metadata,
    _text("tenant"),
    Column("id", Key, nullable=False),
    _text("submitter"),
    _text("guide"),
    _text("tracking"),
    _text("member"),
    _text("providers"),
    _text("told"),
    Column("document", Key, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("case_id", Key),
    Column("reported_at", Instant),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "document"], ["documents.tenant", "documents.id"]),
    Index(None, "tenant", "submitter", "tracking"),
    Index(
        None,
        "tenant",
        "expires_at",
        sqlite_where=text(UNCLAIMED),
        postgresql_where=text(UNCLAIMED),
    ),
    Index(None, "tenant", "document"),
    sqlite_with_rowid=False,
)
"""What came before its request (CDex, unsolicited); `case_id` is NULL until one matches, `reported_at` until
it was said that none came in time. `providers`
is a list of NPIs with spaces."""

subscriptions = Table(
    "subscriptions",
    metadata,
    _text("tenant"),
    Column("id", Key, nullable=False),
    _text("guide"),
    _text("submitter"),
    _text("status"),
    _text("endpoint"),
    _text("wish"),
    _text("resource"),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("events", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    _text("error"),
    Column("due_at", Instant),
    Column("lease", Key),
    Column("leased_until", Instant),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "submitter"),
    Index(None, "tenant", "due_at"),
    CheckConstraint("status in ('requested', 'active', 'error', 'off')", name="status"),
    CheckConstraint("delivered <= events", name="delivered"),
)
"""One row is one queue: its events go out in their order, by whoever holds `lease`. `due_at` is when
there is something to send, NULL when there is nothing (docs/adr/0021)."""

notices = Table(
    "notices",
    metadata,
    _text("tenant"),
    Column("subscription", Key, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    _text("response_id"),
    Column("response_version", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "subscription", "number"),
    _to(("subscription",), "subscriptions", "id"),
    CheckConstraint("number > 0", name="number"),
    sqlite_with_rowid=False,
)
"""The events of a subscription: which version of which ClaimResponse there is to tell."""

arrivals = Table(
    "arrivals",
    metadata,
    _text("tenant"),
    _text("submitter"),
    Column("id", Key, nullable=False),
    Column("at", Instant, nullable=False),
    _text("path"),
    Column("status", Integer, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    _text("refusals"),
    Column("dictionary", Integer, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "submitter", "id"),
)
"""In demo mode only: the newest requests of each submitter with their answers, also those that were
refused. `refusals` is a JSON list of [severity, code, place, message]."""
