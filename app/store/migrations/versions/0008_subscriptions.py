"""Who wants to be told, and what there is to tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Key

revision = "0008"
down_revision = "0007"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def upgrade() -> None:
    """Subscriptions with their counters and lease, and one row for each event of each."""
    op.create_table(
        "subscriptions",
        *_texts("tenant"),
        sa.Column("id", Key(), nullable=False),
        *_texts("guide", "submitter", "status", "endpoint", "wish", "resource"),
        *_numbers("version"),
        sa.Column("updated_at", Instant(), nullable=False),
        *_numbers("events", "delivered", "failures"),
        sa.Column("failing_since", Instant()),
        *_texts("error"),
        sa.Column("due_at", Instant()),
        sa.Column("lease", Key()),
        sa.Column("leased_until", Instant()),
        sa.CheckConstraint(
            "status in ('requested', 'active', 'error', 'off')",
            name=op.f("subscriptions_status_check"),
        ),
        sa.CheckConstraint("delivered <= events", name=op.f("subscriptions_delivered_check")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("subscriptions_pkey")),
    )
    op.create_index(
        op.f("subscriptions_tenant_submitter_idx"), "subscriptions", ["tenant", "submitter"]
    )
    op.create_index(op.f("subscriptions_tenant_due_at_idx"), "subscriptions", ["tenant", "due_at"])
    op.create_table(
        "notices",
        *_texts("tenant"),
        sa.Column("subscription", Key(), nullable=False),
        *_numbers("number"),
        sa.Column("at", Instant(), nullable=False),
        *_texts("response_id"),
        *_numbers("response_version"),
        sa.CheckConstraint("number > 0", name=op.f("notices_number_check")),
        sa.ForeignKeyConstraint(
            ["tenant", "subscription"],
            ["subscriptions.tenant", "subscriptions.id"],
            name=op.f("notices_tenant_subscription_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant", "subscription", "number", name=op.f("notices_pkey")),
        sqlite_with_rowid=False,
    )
