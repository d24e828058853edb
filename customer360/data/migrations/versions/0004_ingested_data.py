"""Ingested data

Interactions, items and customers that `c360 ingest` loads, with the sources they came from. The tables of
what the API records are not touched.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _versions(name: str, key: str) -> None:
    op.create_table(
        name,
        sa.Column(key, ID, primary_key=True),
        sa.Column("ingest", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("valid_from", sa.BigInteger, nullable=False),
        sa.Column("valid_to", sa.BigInteger),
        if_not_exists=True,
    )


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("name", ID, primary_key=True),
        sa.Column("kind", ID, nullable=False),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("ingest", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "ingests",
        sa.Column("number", ROW, primary_key=True, autoincrement=False),
        sa.Column("dataset", ID, nullable=False),
        sa.Column("status", ID, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger),
        sa.Column("last_row", sa.BigInteger, nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "interactions",
        sa.Column("row", ROW, primary_key=True, autoincrement=False),
        sa.Column("event_id", ID, nullable=False, unique=True),
        sa.Column("user", ID, nullable=False),
        sa.Column("item", ID, nullable=False),
        sa.Column("event", ID, nullable=False),
        sa.Column("rating", sa.Double),
        sa.Column("weight", sa.Double, nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("fold", sa.SmallInteger),
        sa.Column("ingest", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.create_index("interactions_user", "interactions", ["user"], if_not_exists=True)
    _versions("item_versions", "item")
    _versions("customer_versions", "user")
    op.create_table(
        "observations",
        sa.Column("ingest", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("attribute", ID, nullable=False),
        sa.Column("value", ID, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.create_index("observations_id", "observations", ["kind", "id"], if_not_exists=True)


def downgrade() -> None:
    for name in (
        "observations",
        "customer_versions",
        "item_versions",
        "interactions",
        "ingests",
        "sources",
    ):
        op.drop_table(name)
