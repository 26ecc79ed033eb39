"""The schema of a database: what it is, and how it gets to the one that this version needs.

SQLite has one owner, which migrates it when it opens it. On PostgreSQL several processes share the database, so an
operator migrates it, with `assay db upgrade`, and a process only opens a database whose schema is its own. An empty
database gets its tables at once on both: nobody works in it yet.

A new database is created directly from the tables; Alembic, which needs much memory, is loaded only to migrate an older
database. A test checks that both ways give the same schema.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from bot.store.database.sqlite import WRITES
from bot.store.tables import Table

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0011"
"""The revision that `bot.store.tables` describes."""
ALONE = frozenset({"0004", "0007"})
"""Migrations that an older process does not outlive. Those after 0008 only add (tests hold that), so it goes on."""
LOCK_SECONDS = 5
_LOCK = 0x617373_6179
"""PostgreSQL's advisory lock of upgrades (the letters "assay")."""
_VERSIONS = Path(__file__).parent / "migrations" / "versions"


class SchemaError(Exception):
    """The database has a schema that this version cannot use; the text says what to do."""


class Part(Protocol):
    """A schema of another program in the same database, such as a queue's; it is upgraded with the bot's own."""

    @property
    def newest(self) -> str:
        """The version that this program needs."""
        ...

    def found(self, connection: Connection) -> str:
        """Return the version in the database; empty if there is none."""
        ...

    def upgrade(self, connection: Connection) -> None:
        """Create or upgrade it, in the transaction of the caller."""
        ...


@dataclass(frozen=True)
class Schema:
    """What a database has, and what this version needs: the bot's own revision first, then that of each part.

    An empty text stands for a schema that is missing.
    """

    found: tuple[str, ...]
    newest: tuple[str, ...]

    @property
    def current(self) -> bool:
        """Whether nothing is to be done."""
        return self.found == self.newest

    @property
    def empty(self) -> bool:
        """Whether the database has nothing of the bot."""
        return not self.found[0]

    @property
    def newer(self) -> bool:
        """Whether a newer version of the bot made it, so this one cannot use it."""
        return not self.empty and self.found[0] not in known()

    @property
    def alone(self) -> bool:
        """Whether all servers have to be stopped before an upgrade."""
        return not self.empty and any(revision > self.found[0] for revision in ALONE)


def known() -> list[str]:
    """Return the revisions of this version, oldest first."""
    return sorted(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


def migrations(connection: Connection | None = None) -> "Config":
    """Alembic's configuration: the packaged migrations, working on the given connection."""
    from alembic.config import Config  # noqa: PLC0415 - 14 MB that a running bot doesn't need

    config = Config()
    config.set_main_option("script_location", str(_VERSIONS.parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def read(engine: Engine, parts: Sequence[Part] = ()) -> Schema:
    """Return the schema of a database; nothing is changed."""
    with engine.begin() as connection:
        return _read(connection, parts)


def prepare(engine: Engine, parts: Sequence[Part] = ()) -> None:
    """Bring a database to this version's schema where that needs no operator: SQLite, or one that is empty.

    Raises SchemaError for PostgreSQL with an older schema, and for any with a newer one.
    """
    schema = read(engine, parts)
    if schema.current:
        return
    if engine.dialect.name == "sqlite" or schema.empty:
        upgrade(engine, parts)
        return
    _refuse_newer(schema)
    raise SchemaError(f"the database has an older schema ({_said(schema)}); run assay db upgrade with this version")


def upgrade(engine: Engine, parts: Sequence[Part] = ()) -> tuple[Schema, Schema]:
    """Create or migrate the tables in one transaction, one process at a time; return the schema before and after.

    Raises SchemaError for a database of a newer version, and if other transactions keep a table for too long.
    """
    try:
        with engine.execution_options(**{WRITES: True}).begin() as connection:
            _lock(connection)
            before = _read(connection, parts)
            _refuse_newer(before)
            if before.empty:
                _make(connection)
            elif before.found[0] != NEWEST:
                _migrate(connection, "upgrade", "head")
            for part, version in zip(parts, before.found[1:], strict=True):
                if version != part.newest:
                    part.upgrade(connection)
            return before, _read(connection, parts)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != "55P03":  # lock_not_available
            raise
        raise SchemaError(
            f"a table was in use for {LOCK_SECONDS} s; nothing was changed: run the command again when less is going on"
        ) from None


def downgrade(engine: Engine, revision: str) -> tuple[Schema, Schema]:
    """Take the bot's own tables back to an older revision; return the schema before and after.

    Raises SchemaError if there is no way back, and for a revision that this version does not know.
    """
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        _lock(connection)
        before = _read(connection, ())
        _refuse_newer(before)
        if revision not in known() or revision > (before.found[0] or NEWEST):
            raise SchemaError(f"the schema is {_said(before)}; name an older one of {', '.join(known())}")
        _migrate(connection, "downgrade", revision)
        return before, _read(connection, ())


def _read(connection: Connection, parts: Sequence[Part]) -> Schema:
    tables = set(inspect(connection).get_table_names())
    own = ""
    if "alembic_version" in tables:
        own = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
    elif tables & Table.metadata.tables.keys():
        own = "unknown"
    found = (own, *(part.found(connection) for part in parts))
    return Schema(found, (NEWEST, *(part.newest for part in parts)))


def _said(schema: Schema) -> str:
    pairs = zip(schema.found, schema.newest, strict=True)
    return ", ".join(f"{found or 'none'}, this version needs {newest}" for found, newest in pairs if found != newest)


def _refuse_newer(schema: Schema) -> None:
    if schema.newer:
        raise SchemaError(
            f"the database belongs to another version of Assaymaster (schema {schema.found[0]}, this one knows "
            f"{NEWEST} and older); run that version, or restore an earlier backup"
        )


def _lock(connection: Connection) -> None:
    """Let other upgrades wait; and never let a table's other users queue behind an upgrade for long."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_SECONDS * 1000:.0f}"))


def _make(connection: Connection) -> None:
    Table.metadata.create_all(connection)
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:newest)"), {"newest": NEWEST})


def _migrate(connection: Connection, way: str, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - as above
    from alembic.util import CommandError  # noqa: PLC0415 - as above

    try:
        getattr(command, way)(migrations(connection), revision)
    except NotImplementedError as error:
        raise SchemaError(str(error)) from None
    except CommandError as error:
        raise SchemaError(f"the database belongs to another version of Assaymaster ({error})") from error
