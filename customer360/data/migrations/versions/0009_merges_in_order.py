"""Merges by their number: a server reads those that are new"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    known = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("merges")}
    if "merges_seq" not in known:
        op.create_index("merges_seq", "merges", ["seq"])


def downgrade() -> None:
    op.drop_index("merges_seq", "merges")
