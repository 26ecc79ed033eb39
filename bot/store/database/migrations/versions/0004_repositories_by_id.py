"""Repositories by the server's id; columns by clearer names.

The server isn't asked here: a repository gets an id below 0 until the bot learns its own, from a delivery or by asking.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEYS = {
    "targets": ["repository_id", "number"],
    "heads": ["repository_id", "number", "sha"],
    "verdicts": ["repository_id", "commit", "check", "number"],
    "holdings": ["repository_id", "number", "object"],
    "decisions": ["repository_id", "number", "comment_id", "line"],
    "judgments": ["repository_id", "number", "check", "at"],
    "soaks": ["repository_id", "name"],
    "snapshots": ["hash", "repository_id", "number"],
    "policies": ["repository_id"],
}
RENAMED = {"decisions": ("standing", "role"), "judgments": ("ground", "basis"), "soaks": ("ground", "basis")}


def upgrade() -> None:
    _number_repositories()
    for table, key in KEYS.items():
        _rekey(table, key)
    for table in ("deliveries", "ledger"):
        op.add_column(table, sa.Column("repository_id", sa.BigInteger(), nullable=False, server_default="0"))
        _fill(table)
    for name in ("sender_id", "comment_author_id"):
        op.add_column("deliveries", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_index("ix_ledger_target", "ledger")
    op.create_index("ix_ledger_target", "ledger", ["repository_id", "number", "kind"], unique=False)
    for name, column, where in (
        ("ix_deliveries_comment", "comment_id", "comment_id IS NOT NULL"),
        ("ix_deliveries_push", "ref", "event = 'push'"),
    ):
        op.drop_index(name, "deliveries")
        op.create_index(
            name,
            "deliveries",
            ["repository_id", column],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def _number_repositories() -> None:
    """Names that only other tables know become repositories too, so that nothing is lost."""
    connection = op.get_bind()
    with op.batch_alter_table("repositories") as batch:
        batch.add_column(sa.Column("id", sa.BigInteger(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("unseen_since", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("unseen_why", sa.String(length=255), nullable=False, server_default=""))
        batch.add_column(sa.Column("ask_again_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("hears_runs", sa.Boolean(), nullable=False, server_default=sa.false()))
    known = set(connection.execute(sa.text("SELECT full_name FROM repositories")).scalars())
    named = set(known)
    for table in (*KEYS, "ledger"):
        named |= set(connection.execute(sa.text(f"SELECT DISTINCT repository FROM {table}")).scalars())  # noqa: S608 - own names
    rows = sa.table(
        "repositories",
        sa.column("full_name", sa.String()),
        sa.column("set_up_at", sa.DateTime(timezone=True)),
        sa.column("default_branch", sa.String()),
        sa.column("id", sa.BigInteger()),
    )
    missing = [
        {"full_name": name, "set_up_at": datetime.now(UTC), "default_branch": ""}
        for name in sorted(named - known - {""})
    ]
    if missing:
        connection.execute(sa.insert(rows), missing)
    for number, name in enumerate(sorted(named - {""}), start=1):
        connection.execute(sa.update(rows).where(rows.c.full_name == name).values(id=-number))
    with op.batch_alter_table("repositories") as batch:
        batch.drop_constraint("pk_repositories", type_="primary")
        batch.create_primary_key("pk_repositories", ["id"])
        batch.alter_column("id", existing_type=sa.BigInteger(), existing_nullable=False, server_default=None)
        batch.alter_column(
            "unseen_why", existing_type=sa.String(length=255), existing_nullable=False, server_default=None
        )
        batch.alter_column("hears_runs", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
        batch.create_index("ix_repositories_full_name", ["full_name"])


def _rekey(table: str, key: list[str]) -> None:
    op.add_column(table, sa.Column("repository_id", sa.BigInteger(), nullable=False, server_default="0"))
    _fill(table)
    if table == "targets":
        op.drop_index("ix_targets_head", "targets")
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(f"pk_{table}", type_="primary")
        batch.drop_column("repository")
        batch.alter_column("repository_id", existing_type=sa.BigInteger(), existing_nullable=False, server_default=None)
        if table in RENAMED:
            before, after = RENAMED[table]
            batch.alter_column(before, new_column_name=after)
        batch.create_primary_key(f"pk_{table}", key)
    if table == "targets":
        op.create_index("ix_targets_head", "targets", ["repository_id", "head_sha"], unique=False)


def _fill(table: str) -> None:
    op.execute(
        f"UPDATE {table} SET repository_id = COALESCE("  # noqa: S608 - own names
        f"(SELECT r.id FROM repositories AS r WHERE r.full_name = {table}.repository), 0)"
    )


def downgrade() -> None:
    raise NotImplementedError("go back with a backup that was made before the upgrade")
