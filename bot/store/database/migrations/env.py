"""Runs the migrations on the connection that `bot.store.database.upgrade` gives, inside its transaction."""

from alembic import context

from bot.store.tables import Table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Table.metadata,
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
