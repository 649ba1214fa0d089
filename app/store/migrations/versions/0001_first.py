"""First shape: cases, their log, documents, and what makes a repeated submit harmless."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Key

revision = "0001"
down_revision = None

WRITTEN_ONCE = ("events", "decisions")


def upgrade() -> None:
    """Tables, then the triggers that keep the log as it was written."""
    _documents()
    _cases()
    _history()
    _doors()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in WRITTEN_ONCE:
        for statement in _written_once(table, sqlite):
            op.execute(statement)
    if not sqlite:
        for table in ("documents", "decisions"):  # zstd has done what PostgreSQL would try again
            op.execute(f"ALTER TABLE {table} ALTER COLUMN body SET STORAGE EXTERNAL")


def _documents() -> None:
    """Bytes as received and sent."""
    op.create_table(
        "documents",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("dictionary", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind in ('received', 'sent')", name=op.f("documents_kind_check")),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("documents_sha256_check")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("documents_pkey")),
    )


def _cases() -> None:
    """The current state, and what it may be found by."""
    op.create_table(
        "cases",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("guide", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("submitter", sa.Text(), nullable=False),
        sa.Column("requestor_npi", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("due", Instant(), nullable=True),
        sa.Column("authorization_number", sa.Text(), nullable=False),
        sa.Column("rulebook", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "due is not null or state not in ('in-review', 'awaiting-information', 'with-delegate')",
            name=op.f("cases_waits_until_check"),
        ),
        sa.CheckConstraint("number <> ''", name=op.f("cases_number_check")),
        sa.CheckConstraint(
            "state in ('received', 'decided', 'in-review', 'awaiting-information', 'with-delegate', 'rejected', 'cancelled')",
            name=op.f("cases_state_check"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("cases_pkey")),
        sa.UniqueConstraint("tenant", "number", name=op.f("cases_tenant_number_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("cases_tenant_member_id_requestor_npi_idx"),
        "cases",
        ["tenant", "member_id", "requestor_npi"],
        unique=False,
    )
    op.create_table(
        "case_items",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("service_system", sa.Text(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("authorization_number", sa.Text(), nullable=False),
        sa.Column("review_reference", sa.Text(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=True),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("ordering_npis", sa.Text(), nullable=False),
        sa.Column("rendering_npis", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("policy_sha256", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome in ('approved', 'modified', 'pended', 'not-covered', 'not-required', 'denied', 'cancelled', '')",
            name=op.f("case_items_outcome_check"),
        ),
        sa.CheckConstraint("sequence > 0", name=op.f("case_items_sequence_check")),
        sa.CheckConstraint("starts <= ends", name=op.f("case_items_period_check")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("case_items_tenant_case_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant", "case_id", "sequence", name=op.f("case_items_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "case_numbers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('case', 'authorization', 'review', 'trace')",
            name=op.f("case_numbers_kind_check"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("case_numbers_tenant_case_id_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant", "value", "kind", "case_id", "sequence", name=op.f("case_numbers_pkey")
        ),
        sqlite_with_rowid=False,
    )


def _history() -> None:
    """What is written once."""
    op.create_table(
        "decisions",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("rulebook", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("dictionary", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("decisions_tenant_case_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant", "case_id", "id", name=op.f("decisions_pkey")),
    )
    op.create_table(
        "events",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("events_actor_check")),
        sa.CheckConstraint("sequence > 0", name=op.f("events_sequence_check")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("events_tenant_case_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant", "case_id", "sequence", name=op.f("events_pkey")),
        sqlite_with_rowid=False,
    )


def _doors() -> None:
    """How a sender comes back to an answer."""
    op.create_table(
        "submissions",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("submitter", sa.Text(), nullable=False),
        sa.Column("transaction_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("request", Key(), nullable=False),
        sa.Column("answer", Key(), nullable=False),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("submissions_sha256_check")),
        sa.ForeignKeyConstraint(
            ["tenant", "answer"],
            ["documents.tenant", "documents.id"],
            name=op.f("submissions_tenant_answer_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("submissions_tenant_case_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "request"],
            ["documents.tenant", "documents.id"],
            name=op.f("submissions_tenant_request_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant", "submitter", "transaction_key", name=op.f("submissions_pkey")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "resources",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("guide", sa.Text(), nullable=False),
        sa.Column("submitter", sa.Text(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("document", Key(), nullable=False),
        sa.Column("pointer", sa.Text(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("resources_version_check")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("resources_tenant_case_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "document"],
            ["documents.tenant", "documents.id"],
            name=op.f("resources_tenant_document_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant", "kind", "id", "version", name=op.f("resources_pkey")),
        sqlite_with_rowid=False,
    )


def _written_once(table: str, sqlite: bool) -> list[str]:
    """The triggers that refuse UPDATE and DELETE (and TRUNCATE) of a table."""
    says = f"{table} are written once"
    if sqlite:
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE FUNCTION {table}_written_once() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{says}'; END$$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_written_once()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_written_once()",
    ]
