"""The log of inquiries is written once, and it is noted when something held found no request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant

revision = "0020"
down_revision = "0019"

TABLES = ("inquiries", "inquiry_cases")
UNCLAIMED = "case_id IS NULL AND reported_at IS NULL"


def upgrade() -> None:
    """Triggers as `events` has them; a column for held attachments, and how they are looked for."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        for statement in _sqlite(table) if sqlite else _postgresql(table):
            op.execute(statement)
    op.add_column("held_attachments", sa.Column("reported_at", Instant()))
    op.create_index(
        "held_attachments_tenant_expires_at_idx",
        "held_attachments",
        ["tenant", "expires_at"],
        sqlite_where=sa.text(UNCLAIMED),
        postgresql_where=sa.text(UNCLAIMED),
    )


def _sqlite(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} are written once'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _postgresql(table: str) -> list[str]:
    return [
        f"CREATE FUNCTION {table}_written_once() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{table} are written once'; END$$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_written_once()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_written_once()",
    ]
