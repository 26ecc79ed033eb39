"""When repositories and statuses were last looked at, and indexes of what is due."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PARTIAL = {
    "ix_targets_waiting": (["priority", "repository_id", "number"], "desired_generation > observed_generation"),
    "ix_targets_watched": (["statuses_at"], "state = 'open' AND kind = 'pull'"),
    "ix_targets_open": (["kind", "observed_at"], "state = 'open'"),
}


def upgrade() -> None:
    op.add_column("targets", sa.Column("statuses", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("targets", sa.Column("statuses_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("targets", sa.Column("listed", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("repositories", sa.Column("visited_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("repositories", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE targets SET statuses_at = observed_at")
    for name, (columns, where) in PARTIAL.items():
        op.create_index(name, "targets", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.drop_index("ix_targets_dirty", "targets")


def downgrade() -> None:
    op.create_index("ix_targets_dirty", "targets", ["desired_generation", "observed_generation"])
    for name in PARTIAL:
        op.drop_index(name, "targets")
    for name in ("visited_at", "listed_at"):
        op.drop_column("repositories", name)
    for name in ("statuses", "statuses_at", "listed"):
        op.drop_column("targets", name)
