"""The queue's tables in PostgreSQL: those of procrastinate, as its package ships them, and what the engine adds.

They belong to the installed version of procrastinate and not to the bot's own migrations: `prepare` creates them, or
applies the migrations that the package has and the database has not. `queue_migrations` keeps the newest one applied.
"""

from pathlib import Path
from typing import Any

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

OWN = """
CREATE UNLOGGED TABLE queue_rests (lock text PRIMARY KEY, until timestamptz NOT NULL);
CREATE TABLE queue_schedules (name text PRIMARY KEY, started_at timestamptz NOT NULL);
CREATE TABLE queue_migrations (name text PRIMARY KEY);
CREATE INDEX queue_waiting_of_repository ON procrastinate_jobs (split_part(lock, ':', 1)) WHERE status = 'todo';
"""
"""Until when a target rests, when a schedule ran last, and how far the tables are migrated."""


def applied(connection: Connection) -> str:
    """Return the newest migration of procrastinate that the database has; empty without the queue's tables."""
    if connection.scalar(text("SELECT to_regclass('queue_migrations')")) is None:
        return ""
    return connection.scalar(text("SELECT max(name) FROM queue_migrations")) or ""


def newest() -> str:
    """Return the newest migration of the installed procrastinate."""
    return _migrations()[-1].name


def prepare(connection: Connection) -> None:
    """Create the queue's tables on PostgreSQL, or migrate them, in the caller's transaction."""
    before = applied(connection)
    if not before:
        _run(connection, SchemaManager.get_schema())
        _run(connection, OWN)
    else:
        for file in _migrations():
            if file.name > before:
                _run(connection, file.read_text(encoding="utf-8"))
    if before != newest():
        keep = text("INSERT INTO queue_migrations (name) VALUES (:name) ON CONFLICT DO NOTHING")
        connection.execute(keep, {"name": newest()})


def _migrations() -> list[Path]:
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def _run(connection: Connection, script: str) -> None:
    # By the driver itself: SQLAlchemy would take the percent signs and colons of the functions for parameters.
    driver: Any = connection.connection.driver_connection
    driver.execute(script)
