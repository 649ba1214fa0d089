"""Paid claims: what policies look back on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """One row for each claim of a person; a member file fills it."""
    op.create_table(
        "paid_services",
        *[sa.Column(each, sa.Text(), nullable=False) for each in _TEXTS],
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", "ref", name=op.f("paid_services_pkey")),
        sa.UniqueConstraint("tenant", "ref", name=op.f("paid_services_tenant_ref_key")),
        sqlite_with_rowid=False,
    )


_TEXTS = ("tenant", "ref", "person", "services")
