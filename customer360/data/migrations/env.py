"Run the scripts of `versions/` on the connection that `data.store.tables.migrate` passes to Alembic"

from alembic import context

from customer360.data.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
