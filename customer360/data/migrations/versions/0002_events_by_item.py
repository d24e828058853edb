"""Events by item

The server reads the events of one item while it runs; without an index it would read all events.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("events_item_seq", "events", ["item", "seq"])


def downgrade() -> None:
    op.drop_index("events_item_seq", "events")
