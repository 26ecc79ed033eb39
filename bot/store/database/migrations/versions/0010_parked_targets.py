"""Targets whose evaluation keeps failing are parked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("targets", sa.Column("failure_kind", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("targets", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("targets", sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_targets_observed", "targets", ["attempts", "observed_at"], unique=False)
    where = sa.text("parked_at IS NOT NULL")
    op.create_index("ix_targets_parked", "targets", ["parked_at"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.execute("UPDATE targets SET not_before = NULL WHERE parked_at IS NOT NULL")
    op.drop_index("ix_targets_parked", "targets")
    op.drop_index("ix_targets_observed", "targets")
    for name in ("parked_at", "failures", "failure_kind"):
        op.drop_column("targets", name)
