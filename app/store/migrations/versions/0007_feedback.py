"""What became of the cards that were shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Key

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """One row for each card of a feedback call."""
    op.create_table(
        "card_feedback",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "service",
                "card",
                "outcome",
                "suggestions",
                "reason",
                "comment",
                "happened",
            )
        ),
        sa.CheckConstraint(
            "outcome in ('accepted', 'overridden')", name=op.f("card_feedback_outcome_check")
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("card_feedback_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("card_feedback_tenant_card_idx"), "card_feedback", ["tenant", "card"])
