"""Surfaces

Where a recommendation was shown and an event happened; of what was stored before, this is unknown.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for table in ("events", "recommendations"):
        if "surface" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}:
            op.add_column(table, sa.Column("surface", ID, nullable=False, server_default=""))


def downgrade() -> None:
    for table in ("events", "recommendations"):
        op.drop_column(table, "surface")
