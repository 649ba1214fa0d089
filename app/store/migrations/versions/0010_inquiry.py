"""Inquiries narrow in the database, and each of them is written down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Key

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Birth date and diagnoses of a case (NULL: look into the request), and the log of inquiries."""
    op.add_column("cases", sa.Column("born", sa.Date(), nullable=True))
    op.add_column("cases", sa.Column("diagnoses", sa.Text(), nullable=True))
    op.create_table(
        "inquiries",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("guide", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("npis", sa.Text(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Integer(), nullable=False),
        sa.CheckConstraint("caller <> ''", name=op.f("inquiries_caller_check")),
        sa.CheckConstraint("shown >= 0 and withheld >= 0", name=op.f("inquiries_counts_check")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("inquiries_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inquiry_cases",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("inquiry", Key(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.CheckConstraint("shown in (0, 1)", name=op.f("inquiry_cases_shown_check")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("inquiry_cases_tenant_case_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "inquiry"],
            ["inquiries.tenant", "inquiries.id"],
            name=op.f("inquiry_cases_tenant_inquiry_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant", "case_id", "inquiry", name=op.f("inquiry_cases_pkey")),
        sqlite_with_rowid=False,
    )
