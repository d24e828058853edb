"""Retrainings

Leases, by which one of several processes does a job, and what each retraining did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", ID, primary_key=True),
        sa.Column("holder", ID, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "retrainings",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("decisions", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("retrainings")
    op.drop_table("leases")
