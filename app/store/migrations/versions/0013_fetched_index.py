"""Finds the hook calls of which it is still kept what they read from the EHR."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Only calls that read something are in the index."""
    kept = sa.text("fetched IS NOT NULL")
    op.create_index(
        "hook_calls_fetched_idx",
        "hook_calls",
        ["tenant", "at"],
        sqlite_where=kept,
        postgresql_where=kept,
    )
