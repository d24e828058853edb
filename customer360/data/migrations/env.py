"How Alembic runs the scripts of `versions/`: on the connection that `customer360.data.storage.migrate` hands over"

from alembic import context

from customer360.data.storage import tables

context.configure(connection=context.config.attributes["connection"], target_metadata=tables, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
