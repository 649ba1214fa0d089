"""What companies that review for the payer have to be asked, and what they said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Key

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """One row for each case and company: a queue, like that of subscriptions."""
    op.create_table(
        "delegations",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("delegate", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("due_at", Instant()),
        sa.Column("lease", Key()),
        sa.Column("leased_until", Instant()),
        sa.CheckConstraint(
            "state in ('open', 'asked', 'decided', 'given-back')",
            name=op.f("delegations_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("delegations_tenant_case_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("delegations_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("delegations_tenant_case_id_idx"), "delegations", ["tenant", "case_id"])
    op.create_index(op.f("delegations_tenant_due_at_idx"), "delegations", ["tenant", "due_at"])
