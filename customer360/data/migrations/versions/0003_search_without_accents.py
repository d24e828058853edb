"""Search without accents

What a search looks at was casefolded; it is now without accents too. What is known stays as it is.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

CUSTOMERS = sa.table("customers", sa.column("user", sa.Text), sa.column("search", sa.Text))
PAGE = 5_000


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def upgrade() -> None:
    connection = op.get_bind()
    old = connection.execute(sa.select(CUSTOMERS.c.user, CUSTOMERS.c.search)).all()
    new = [{"id": user, "text": _folded(search)} for user, search in old if not search.isascii()]
    rule = sa.update(CUSTOMERS).where(CUSTOMERS.c.user == sa.bindparam("id")).values(search=sa.bindparam("text"))
    for start in range(0, len(new), PAGE):
        connection.execute(rule, new[start : start + PAGE])


def downgrade() -> None:
    "Nothing to undo: what is casefolded and bare is casefolded"
