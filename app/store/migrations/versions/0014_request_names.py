"""By which names a sender speaks of an earlier request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Key

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """One row for each name of each version of a request."""
    op.create_table(
        "request_names",
        *[
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("tenant", "submitter", "name", "kind")
        ],
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind in ('url', 'identifier', 'adopted')", name=op.f("request_names_kind_check")
        ),
        sa.CheckConstraint("version >= 0", name=op.f("request_names_version_check")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("request_names_tenant_case_id_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant",
            "submitter",
            "name",
            "kind",
            "case_id",
            "version",
            name=op.f("request_names_pkey"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "request_names_adopted_key",
        "request_names",
        ["tenant", "submitter", "name"],
        unique=True,
        sqlite_where=sa.text("kind = 'adopted'"),
        postgresql_where=sa.text("kind = 'adopted'"),
    )
