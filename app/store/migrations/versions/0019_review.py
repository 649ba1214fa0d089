"""Whether a case is reviewed before, during or after its services."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """One more column of a case; those that are stored already came before their services."""
    op.add_column(
        "cases", sa.Column("review", sa.Text(), nullable=False, server_default="prospective")
    )
