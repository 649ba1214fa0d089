"""Fewer trees to write in for each case: what is found by a case stands with the case."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Key

revision = "0021"
down_revision = "0020"

_CASE = (["tenant", "case_id"], ["cases.tenant", "cases.id"])


def upgrade() -> None:
    """Documents of a case are never deleted, so nothing has to be found from them any more; numbers
    stand by case, with an index of those by which a case is asked for; a Claim stands beside its
    answer.
    """
    op.drop_index("submissions_tenant_request_idx", "submissions")
    op.drop_index("submissions_tenant_answer_idx", "submissions")
    op.drop_index("resources_tenant_document_idx", "resources")
    op.drop_index("case_numbers_tenant_case_id_idx", "case_numbers")
    if op.get_bind().dialect.name == "sqlite":
        _anew("submissions", _submissions())
        _anew("resources", _resources())
        _anew("case_numbers", _case_numbers())
    else:
        for table, column in (
            ("submissions", "request"),
            ("submissions", "answer"),
            ("resources", "document"),
        ):
            op.drop_constraint(f"{table}_tenant_{column}_fkey", table)
        for table, key in (
            ("resources", ["tenant", "id", "kind", "version"]),
            ("case_numbers", ["tenant", "case_id", "sequence", "kind", "value"]),
        ):
            op.drop_constraint(f"{table}_pkey", table)
            op.create_primary_key(f"{table}_pkey", table, key)
    given = sa.text("kind IN ('authorization', 'review')")
    op.create_index(
        "case_numbers_tenant_value_idx",
        "case_numbers",
        ["tenant", "value"],
        sqlite_where=given,
        postgresql_where=given,
    )


def _anew(table: str, parts: Sequence[sa.schema.SchemaItem]) -> None:
    """SQLite cannot change the keys of a table, so its rows move to another one."""
    op.rename_table(table, f"{table}_before")
    op.create_table(table, *parts, sqlite_with_rowid=False)
    names = ", ".join(part.name for part in parts if isinstance(part, sa.Column))
    op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_before")  # noqa: S608
    op.drop_table(f"{table}_before")


def _submissions() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("submitter", sa.Text(), nullable=False),
        sa.Column("transaction_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("request", Key(), nullable=False),
        sa.Column("answer", Key(), nullable=False),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("submissions_sha256_check")),
        sa.ForeignKeyConstraint(*_CASE, name=op.f("submissions_tenant_case_id_fkey")),
        sa.PrimaryKeyConstraint(
            "tenant", "submitter", "transaction_key", name=op.f("submissions_pkey")
        ),
    ]


def _resources() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("guide", sa.Text(), nullable=False),
        sa.Column("submitter", sa.Text(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("document", Key(), nullable=False),
        sa.Column("pointer", sa.Text(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("resources_version_check")),
        sa.ForeignKeyConstraint(*_CASE, name=op.f("resources_tenant_case_id_fkey")),
        sa.PrimaryKeyConstraint("tenant", "id", "kind", "version", name=op.f("resources_pkey")),
    ]


def _case_numbers() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", Key(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('case', 'authorization', 'review', 'trace')",
            name=op.f("case_numbers_kind_check"),
        ),
        sa.ForeignKeyConstraint(*_CASE, name=op.f("case_numbers_tenant_case_id_fkey")),
        sa.PrimaryKeyConstraint(
            "tenant",
            "case_id",
            "sequence",
            "kind",
            "value",
            name=op.f("case_numbers_pkey"),
        ),
    ]
