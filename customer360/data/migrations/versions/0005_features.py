"""Features

Values of customers and items that `c360 features compute` writes, for reads of one row.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "features",
        sa.Column("entity", ID, primary_key=True),
        sa.Column("id", ID, primary_key=True),
        sa.Column("run", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("computed", sa.BigInteger, nullable=False),
        sa.Column("values", sa.Text, nullable=False),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("features")
