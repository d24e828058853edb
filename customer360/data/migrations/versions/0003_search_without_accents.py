"""Search without accents

The searched text was casefolded; now it is without accents too. Attributes are not changed.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

CUSTOMERS = sa.table("customers", sa.column("user", sa.Text), sa.column("search", sa.Text))
PAGE = 5_000


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(CUSTOMERS.c.user, CUSTOMERS.c.search)).all()
    changed = [{"id": user, "text": _fold(search)} for user, search in rows if not search.isascii()]
    statement = (
        sa.update(CUSTOMERS).where(CUSTOMERS.c.user == sa.bindparam("id")).values(search=sa.bindparam("text"))
    )
    for start in range(0, len(changed), PAGE):
        connection.execute(statement, changed[start : start + PAGE])


def downgrade() -> None:
    "Do nothing: text without accents is casefolded text too"
