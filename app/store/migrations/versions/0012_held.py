"""Attachments that came before their request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Key

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """One row for each submission that is held, found by whose it is and its tracking number."""
    op.create_table(
        "held_attachments",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        *[sa.Column(each, sa.Text(), nullable=False) for each in _TEXTS],
        sa.Column("document", Key(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("case_id", Key()),
        sa.ForeignKeyConstraint(
            ["tenant", "document"],
            ["documents.tenant", "documents.id"],
            name=op.f("held_attachments_tenant_document_fkey"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("held_attachments_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("held_attachments_tenant_submitter_tracking_idx"),
        "held_attachments",
        ["tenant", "submitter", "tracking"],
    )


_TEXTS = ("submitter", "guide", "tracking", "member", "providers", "told")
