"""The queue's tables in PostgreSQL: those of procrastinate, as its package ships them, and what the engine adds.

They belong to the installed version of procrastinate and not to the bot's own migrations: they are created as the
package has them, or by those of its migrations that the database has not. `queue_migrations` keeps the newest one.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

if TYPE_CHECKING:
    from procrastinate.schema import SchemaManager

OWN = """
CREATE UNLOGGED TABLE queue_rests (lock text PRIMARY KEY, until timestamptz NOT NULL);
CREATE TABLE queue_schedules (name text PRIMARY KEY, started_at timestamptz NOT NULL);
CREATE TABLE queue_migrations (name text PRIMARY KEY);
CREATE INDEX queue_in_order ON procrastinate_jobs (queue_name, priority DESC, id) WHERE status = 'todo';
CREATE INDEX queue_due ON procrastinate_jobs (scheduled_at) WHERE status = 'todo' AND scheduled_at IS NOT NULL;
CREATE INDEX queue_of_repository ON procrastinate_jobs (split_part(lock, ':', 1), queue_name) WHERE status = 'todo';
"""
"""Until when a target rests, when a schedule ran last, and how far the tables are migrated."""


class QueueSchema:
    """The queue's tables as a part of the database's schema."""

    @property
    def newest(self) -> str:
        """The newest migration of the installed procrastinate."""
        return _migrations()[-1].stem

    def found(self, connection: Connection) -> str:
        """Return the newest migration that the database has; empty without the queue's tables."""
        if connection.scalar(text("SELECT to_regclass('queue_migrations')")) is None:
            return ""
        return connection.scalar(text("SELECT max(name) FROM queue_migrations")) or ""

    def upgrade(self, connection: Connection) -> None:
        """Create the tables or migrate them, in the transaction of the caller."""
        before = self.found(connection)
        if not before:
            _run(connection, _schema().get_schema())
            _run(connection, OWN)
        else:
            for file in _migrations():
                if file.stem > before:
                    _run(connection, file.read_text(encoding="utf-8"))
        keep = text("INSERT INTO queue_migrations (name) VALUES (:name) ON CONFLICT DO NOTHING")
        connection.execute(keep, {"name": self.newest})


def _schema() -> "type[SchemaManager]":
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 - what a bot with SQLite doesn't need

    return SchemaManager


def _migrations() -> list[Path]:
    return sorted(Path(_schema().get_migrations_path()).glob("*.sql"))


def _run(connection: Connection, script: str) -> None:
    # By the driver itself: SQLAlchemy would take the percent signs and colons of the functions for parameters.
    driver: Any = connection.connection.driver_connection
    driver.execute(script)
