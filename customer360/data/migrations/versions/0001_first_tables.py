"""The first tables

Written out rather than imported: a migration describes the tables as they were, whatever the code says later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("seq", COUNT, primary_key=True, autoincrement=False),
        sa.Column("event_id", ID, nullable=False, unique=True),
        sa.Column("user", ID, nullable=False),
        sa.Column("item", ID, nullable=False),
        sa.Column("event", ID, nullable=False),
        sa.Column("rating", sa.Double),
        sa.Column("weight", sa.Double, nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("recommendation_id", ID, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
    )
    op.create_index("events_user_seq", "events", ["user", "seq"])
    named = sa.text("recommendation_id <> ''")
    op.create_index(
        "events_recommendation", "events", ["recommendation_id"], sqlite_where=named, postgresql_where=named
    )
    op.create_table(
        "recommendations",
        sa.Column("recommendation_id", ID, primary_key=True),
        sa.Column("user", ID),
        sa.Column("model", ID, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("experiment", ID),
        sa.Column("arm", ID),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_index("ix_recommendations_user", "recommendations", ["user"])
    op.create_table(
        "customers",
        sa.Column("user", ID, primary_key=True),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "merges",
        sa.Column("source", ID, primary_key=True),
        sa.Column("target", ID, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_merges_target", "merges", ["target"])
    op.create_table(
        "items",
        sa.Column("item", ID, primary_key=True),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_items_version", "items", ["version"])
    op.create_table(
        "documents",
        sa.Column("name", ID, primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "tombstones",
        sa.Column("digest", ID, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
    )
    counters = op.create_table(
        "counters", sa.Column("name", ID, primary_key=True), sa.Column("value", sa.BigInteger, nullable=False)
    )
    op.create_table(
        "settings", sa.Column("name", ID, primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in ("events", "catalogue", "identities")])


def downgrade() -> None:
    for name in (
        "events",
        "recommendations",
        "customers",
        "merges",
        "items",
        "documents",
        "tombstones",
        "counters",
        "settings",
    ):
        op.drop_table(name)
