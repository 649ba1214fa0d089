"""EHR servers that may be asked during a hook call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """The register: one row for each base address."""
    op.create_table(
        "ehr_servers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.CheckConstraint("batch in (0, 1)", name=op.f("ehr_servers_batch_check")),
        sa.PrimaryKeyConstraint("tenant", "base", name=op.f("ehr_servers_pkey")),
        sqlite_with_rowid=False,
    )
