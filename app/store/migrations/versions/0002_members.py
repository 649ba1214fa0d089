"""Members: the payer's people, their coverages, and the numbers that name them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Four tables; a member file fills them in one transaction."""
    op.create_table(
        "payers",
        *_texts("tenant", "ref", "name", "identifiers"),
        _digest(),
        sa.PrimaryKeyConstraint("tenant", "ref", name=op.f("payers_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "persons",
        *_texts("tenant", "ref", "family", "given"),
        sa.Column("birth_date", sa.Date(), nullable=False),
        *_texts("gender", "language", "state", "tags", "numbers"),
        _digest(),
        sa.PrimaryKeyConstraint("tenant", "ref", name=op.f("persons_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverages",
        *_texts("tenant", "ref", "person", "member_id", "subscriber_id"),
        sa.Column("dependent", sa.Integer(), nullable=False),
        *_texts("plan"),
        sa.Column("starts", sa.Date(), nullable=True),
        sa.Column("ends", sa.Date(), nullable=True),
        *_texts("group_id"),
        sa.Column("pays", sa.Integer(), nullable=False),
        *_texts("used", "numbers"),
        _digest(),
        sa.CheckConstraint("starts <= ends", name=op.f("coverages_period_check")),
        sa.CheckConstraint("dependent in (0, 1)", name=op.f("coverages_dependent_check")),
        sa.PrimaryKeyConstraint("tenant", "person", "ref", name=op.f("coverages_pkey")),
        sa.UniqueConstraint("tenant", "ref", name=op.f("coverages_tenant_ref_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "member_numbers",
        *_texts("tenant", "source", "key", "person"),
        sa.PrimaryKeyConstraint("tenant", "source", "key", name=op.f("member_numbers_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("member_numbers_tenant_key_person_idx"), "member_numbers", ["tenant", "key", "person"]
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _digest() -> sa.Column[bytes]:
    return sa.Column("digest", sa.LargeBinary(length=16), nullable=False)
