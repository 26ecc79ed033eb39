"""Witnesses of comments, which stay when deliveries are pruned; who signed a delivery.

The oldest kept `created` delivery of a comment, sent by its author, is what was first seen of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CREATED = """
    action = 'created' AND event IN ('issue_comment', 'pull_request_comment') AND comment_id IS NOT NULL
    AND comment_author <> '' AND sender = comment_author AND sender_id = comment_author_id
"""
FILL = f"""
    INSERT INTO witnesses
        (repository_id, comment_id, author_id, author, hmac, witnessed, changed, seen_at)
    SELECT repository_id, comment_id, comment_author_id, comment_author, comment_hmac, {{true}},
        (SELECT count(*) FROM deliveries AS other WHERE {CREATED}
            AND other.repository_id = kept.repository_id AND other.comment_id = kept.comment_id
            AND (other.comment_hmac <> kept.comment_hmac OR other.comment_author_id <> kept.comment_author_id)) > 0,
        received_at
    FROM (
        SELECT *, row_number() OVER (PARTITION BY repository_id, comment_id ORDER BY received_at, id) AS place
        FROM deliveries WHERE {CREATED}
    ) AS kept
    WHERE place = 1
"""  # noqa: S608 - own names


def upgrade() -> None:
    op.create_table(
        "witnesses",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.Column("hmac", sa.String(length=64), nullable=False),
        sa.Column("witnessed", sa.Boolean(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "comment_id", name=op.f("pk_witnesses")),
    )
    op.execute(FILL.format(true="true" if op.get_bind().dialect.name == "postgresql" else "1"))
    op.drop_index("ix_deliveries_comment", "deliveries")
    op.add_column("deliveries", sa.Column("signer", sa.String(length=32), nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("witness", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("repositories", sa.Column("own_secret_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("go back with a backup that was made before the upgrade")
