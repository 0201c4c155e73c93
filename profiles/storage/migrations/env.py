"""What Alembic runs for every command: the caller's connection and the declared tables in, revisions applied.

The connection is in a transaction of the caller's, so that all revisions are kept or none.
"""

from alembic import context

from profiles.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
    render_as_batch=True,  # SQLite alters a table by copying it
)
context.run_migrations()
