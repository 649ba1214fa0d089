"""Finding cases by member number, and all numbers of a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Key

revision = "0006"
down_revision = "0005"

_KNOWN = """
INSERT INTO case_members (tenant, key, case_id)
SELECT tenant, upper(replace(replace(member_id, '-', ''), ' ', '')), id
FROM cases WHERE member_id <> '' AND substr(number, 1, 3) = 'FC-'
"""


def upgrade() -> None:
    """A table of member numbers, filled with the payer's own for the cases that are there."""
    op.create_table(
        "case_members",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", "case_id", name=op.f("case_members_pkey")),
        sa.ForeignKeyConstraint(
            ["tenant", "case_id"],
            ["cases.tenant", "cases.id"],
            name=op.f("case_members_tenant_case_id_fkey"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("case_numbers_tenant_case_id_idx"), "case_numbers", ["tenant", "case_id"])
    op.execute(_KNOWN)
