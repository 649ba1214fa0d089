"""What a hook call read from the EHR, and by which policy version each of its lines was judged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Key

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Calls that were recorded before have read nothing that was kept, and hold no guidance."""
    op.add_column("hook_calls", sa.Column("fetched", Key(), nullable=True))
    op.add_column(
        "hook_calls", sa.Column("guidance", sa.Text(), nullable=False, server_default="[]")
    )
