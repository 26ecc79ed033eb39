"""What a pull request was when somebody reviewed it or commented on it.

Reviews of before have no such state, so they have to be given again where the bot counts them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("base_ref", 512), ("merge_base", 64), ("review", 16)):
        op.add_column("deliveries", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    where = sa.text("review <> ''")
    op.create_index(
        "ix_deliveries_review",
        "deliveries",
        ["repository_id", "number"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_table(
        "acts",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("base_ref", sa.String(length=512), nullable=False),
        sa.Column("merge_base", sa.String(length=64), nullable=False),
        sa.Column("delivery", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "kind", "id", name=op.f("pk_acts")),
    )
    op.create_index("ix_acts_target", "acts", ["repository_id", "number"], unique=False)


def downgrade() -> None:
    op.drop_table("acts")
    op.drop_index("ix_deliveries_review", "deliveries")
    for name in ("review", "merge_base", "base_ref"):
        op.drop_column("deliveries", name)
