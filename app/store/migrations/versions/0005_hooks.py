"""The record of each hook call, and the trail from an order to its calls and cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Key

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Calls with their documents, then the names that lead to them."""
    op.create_table(
        "hook_calls",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("guide", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("request", Key(), nullable=True),
        sa.Column("answer", Key(), nullable=True),
        sa.CheckConstraint("milliseconds >= 0", name=op.f("hook_calls_milliseconds_check")),
        *(
            sa.ForeignKeyConstraint(
                ["tenant", column],
                ["documents.tenant", "documents.id"],
                name=op.f(f"hook_calls_tenant_{column}_fkey"),
            )
            for column in ("request", "answer")
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("hook_calls_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("hook_calls_tenant_at_idx"), "hook_calls", ["tenant", "at"])
    op.create_table(
        "trail",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.CheckConstraint("kind in ('call', 'case')", name=op.f("trail_kind_check")),
        sa.PrimaryKeyConstraint("tenant", "name", "kind", "id", name=op.f("trail_pkey")),
        sqlite_with_rowid=False,
    )
