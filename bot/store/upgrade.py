"""Bring a database to the newest schema, whoever else starts at the same moment."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from bot.store.sqlite import WRITES

_LOCK = 0x617373_6179
"""PostgreSQL's advisory lock of upgrades (the letters "assay")."""


class SchemaError(Exception):
    """The database has a schema that this version doesn't know; the text says what to do."""


def migrations(connection: Connection | None = None) -> Config:
    """Alembic's configuration: the packaged migrations, working on the given connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Run all missing migrations in one transaction, one process at a time.

    Raises SchemaError for a database that a newer version wrote.
    """
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        try:
            command.upgrade(migrations(connection), "head")
        except CommandError as error:
            raise SchemaError(
                f"the database was written by another version of Assaymaster ({error}); "
                "start that version, or restore a backup made before it"
            ) from error
