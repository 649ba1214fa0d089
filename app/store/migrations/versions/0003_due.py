"""Cases by their due instant, so that overdue ones are found without reading all cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_WAITS = "state IN ('in-review', 'awaiting-information', 'with-delegate')"


def upgrade() -> None:
    """One partial index: only cases that wait are in it."""
    op.create_index(
        op.f("cases_tenant_due_idx"),
        "cases",
        ["tenant", "due"],
        sqlite_where=sa.text(_WAITS),
        postgresql_where=sa.text(_WAITS),
    )
