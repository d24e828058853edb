"""Replaced attributes, merges that can be undone, and retracted events

Attributes that were set before stay an overlay on what the files say; merges made before cannot be undone,
since their rows were combined.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
FALSE = sa.false()


def _columns() -> dict[str, list[sa.Column]]:
    return {
        "customers": [sa.Column("replaces", sa.Boolean, nullable=False, server_default=FALSE)],
        "merges": [
            sa.Column("seq", sa.BigInteger, nullable=False, server_default="0"),
            sa.Column("attributes", sa.Text),
            sa.Column("replaces", sa.Boolean, nullable=False, server_default=FALSE),
            sa.Column("created", sa.BigInteger),
            sa.Column("moved", sa.Text),
            sa.Column("changed", sa.Text),
        ],
    }


def upgrade() -> None:
    there = sa.inspect(op.get_bind())
    for table, columns in _columns().items():
        known = {column["name"] for column in there.get_columns(table)}
        for column in columns:
            if column.name not in known:
                op.add_column(table, column)
    if not there.has_table("retractions"):
        op.create_table(
            "retractions",
            sa.Column("event_id", ID, primary_key=True),
            sa.Column("user", ID, nullable=False, index=True),
            sa.Column("seq", sa.BigInteger, nullable=False),
            sa.Column("number", sa.BigInteger, nullable=False),
            sa.Column("trace", ID, nullable=False),
            sa.Column("time", sa.BigInteger, nullable=False),
        )


def downgrade() -> None:
    op.drop_table("retractions")
    for table, columns in _columns().items():
        for column in columns:
            op.drop_column(table, column.name)
