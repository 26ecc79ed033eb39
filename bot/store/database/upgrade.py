"""Migrates a database to the newest schema, also if several processes start at the same time.

A new database is created directly from the tables; Alembic, which needs much memory, is loaded only to migrate an older
database. A test checks that both ways give the same schema.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from bot.engine import schema as queue_schema
from bot.store.database.sqlite import WRITES
from bot.store.tables import Table

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0008"
"""The revision that `bot.store.tables` describes."""
_LOCK = 0x617373_6179
"""PostgreSQL's advisory lock of upgrades (the letters "assay")."""


class SchemaError(Exception):
    """The database has an unknown schema; the text says what to do."""


def migrations(connection: Connection | None = None) -> "Config":
    """Alembic's configuration: the packaged migrations, working on the given connection."""
    from alembic.config import Config  # noqa: PLC0415 - 14 MB that a running bot doesn't need

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Create or migrate the tables in one transaction, one process at a time.

    Raises SchemaError for a database of a newer version.
    """
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        tables = set(inspect(connection).get_table_names())
        if "alembic_version" in tables:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if found != NEWEST:
                _migrate(connection)
        elif tables & Table.metadata.tables.keys():
            _migrate(connection)
        else:
            _make(connection)
        if connection.dialect.name == "postgresql":
            queue_schema.prepare(connection)


def _make(connection: Connection) -> None:
    Table.metadata.create_all(connection)
    connection.execute(
        text(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:newest)"), {"newest": NEWEST})


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - as above
    from alembic.util import CommandError  # noqa: PLC0415 - as above

    try:
        command.upgrade(migrations(connection), "head")
    except CommandError as error:
        raise SchemaError(
            f"the database belongs to another version of Assaymaster ({error}); "
            "run that version, or restore an earlier backup"
        ) from error
