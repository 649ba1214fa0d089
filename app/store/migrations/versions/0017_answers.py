"""Finds the ClaimResponse that stands in a document."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """An inquiry names the answers of many cases at once."""
    op.create_index("resources_tenant_document_idx", "resources", ["tenant", "document"])
