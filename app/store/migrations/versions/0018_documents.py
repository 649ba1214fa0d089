"""Whatever refers to a document is found from the document, so that deleting one reads no table whole."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

_REFERENCES = (
    ("submissions", "request"),
    ("submissions", "answer"),
    ("hook_calls", "request"),
    ("hook_calls", "answer"),
    ("held_attachments", "document"),
)


def upgrade() -> None:
    """The databases look for rows that refer to what is deleted, one search for each foreign key."""
    for table, column in _REFERENCES:
        op.create_index(f"{table}_tenant_{column}_idx", table, ["tenant", column])
